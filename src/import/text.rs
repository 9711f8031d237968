//! Bytes of a text file as text, whichever encoding and line ends it has.

use super::{
    MOST_BYTES, Refused,
    chart::{Place, Warnings},
};

/// The text of a file, with `\n` as its only line end. UTF-8 and UTF-16 with or without a byte-order mark; whatever
/// else it is, is read as Latin-1, with a warning.
///
/// # Errors
/// A file that is too large, of an odd number of UTF-16 bytes, or not text at all.
pub fn decode(bytes: &[u8], warnings: &mut Warnings) -> Result<String, Refused> {
    if bytes.len() > MOST_BYTES {
        return Err(Refused::whole(format!("{} bytes are more than the {MOST_BYTES} that are read", bytes.len())));
    }
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => eight(rest, 3, warnings),
        _ => eight(bytes, 0, warnings),
    };
    if let Some(at) = text.find('\0') {
        let line = 1 + text[..at].matches('\n').count();
        return Err(Refused::line(line, "a NUL: this is no text file, or UTF-16 without its byte-order mark"));
    }
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    if text.trim().is_empty() {
        return Err(Refused::whole("the file is empty"));
    }
    Ok(text)
}

fn eight(bytes: &[u8], before: usize, warnings: &mut Warnings) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            let at = before + error.valid_up_to();
            warnings.say(Place::Byte(at), "this is not UTF-8; the file is read as Latin-1");
            latin1(bytes)
        }
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Refused> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    if bytes.len() % 2 == 1 {
        return Err(Refused::byte(bytes.len() + 1, "UTF-16 that ends within a character; save the file as UTF-8"));
    }
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .map_err(|_| Refused::whole("UTF-16 with half a character in it; save the file as UTF-8"))
}

/// A name from a binary file: UTF-8 if it is that, else Latin-1; without control characters.
pub fn plain(bytes: &[u8]) -> String {
    const MOST: usize = 200;
    let bytes = &bytes[..bytes.len().min(4 * MOST)];
    let text = std::str::from_utf8(bytes).map_or_else(|_| latin1(bytes), str::to_owned);
    text.chars().filter(|c| !c.is_control()).take(MOST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_a_text_gives_the_text() {
        let text = "a é\nb\n";
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
        let mut warnings = Warnings::default();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            text.replace('\n', "\r\n").into_bytes(),
            text.replace('\n', "\r").into_bytes(),
            [vec![0xFF, 0xFE], utf16(u16::to_le_bytes)].concat(),
            [vec![0xFE, 0xFF], utf16(u16::to_be_bytes)].concat(),
        ] {
            assert_eq!(decode(&bytes, &mut warnings).as_deref(), Ok(text));
        }
        assert!(warnings.is_empty());
        assert_eq!(decode(b"a \xE9\nb\n", &mut warnings).as_deref(), Ok(text));
        assert_eq!(warnings.listed[0].place, Place::Byte(2));
        for wrong in [&b""[..], b" \r\n", b"a\0b", b"\xFF\xFEa", b"\xFF\xFE\x00\xD8a\x00"] {
            assert!(decode(wrong, &mut warnings).is_err(), "{wrong:?}");
        }
    }
}
