//! NPZ: named arrays in one file, as numpy reads them (`numpy.load`). Knows arrays, not what they are about.
//!
//! The format is a ZIP archive of `.npy` members (NEP 1): a magic number, a header that says type and shape, and the
//! values, little-endian. Members are stored uncompressed and without times: the same arrays give the same bytes.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use serde::Serialize;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// What an array may be made of.
pub trait Element: Copy {
    /// numpy's name of the type.
    const TYPE: &'static str;
    fn write(self, out: &mut impl Write) -> io::Result<()>;
    fn value(self) -> f64;
}

macro_rules! elements {
    ($($type:ty => $name:literal),*) => {$(
        impl Element for $type {
            const TYPE: &'static str = $name;
            fn write(self, out: &mut impl Write) -> io::Result<()> {
                out.write_all(&self.to_le_bytes())
            }
            fn value(self) -> f64 {
                f64::from(self)
            }
        }
    )*};
}
elements!(u8 => "|u1", u16 => "<u2", u32 => "<u4", f32 => "<f4");

/// An array as it is described beside its file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described {
    pub name: String,
    pub dtype: &'static str,
    pub shape: Vec<usize>,
    pub unit: &'static str,
    pub meaning: &'static str,
    /// Sum of the values, in the order of the file, in double precision.
    pub sum: f64,
}

/// An NPZ file being written.
pub struct Npz {
    zip: ZipWriter<BufWriter<File>>,
    described: Vec<Described>,
}

impl Npz {
    /// Starts the file, or starts it anew.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { zip: ZipWriter::new(BufWriter::new(File::create(path)?)), described: Vec::new() })
    }

    /// Adds a one-dimensional array.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add<T: Element>(
        &mut self,
        name: impl Into<String>,
        values: &[T],
        unit: &'static str,
        meaning: &'static str,
    ) -> io::Result<()> {
        self.add_each(name, values.len(), values.iter().copied(), unit, meaning)
    }

    /// Adds a one-dimensional array of `len` values, one by one: few are in memory at a time.
    ///
    /// # Errors
    /// If it cannot be written, or there are not so many values.
    pub fn add_each<T: Element>(
        &mut self,
        name: impl Into<String>,
        len: usize,
        values: impl Iterator<Item = T>,
        unit: &'static str,
        meaning: &'static str,
    ) -> io::Result<()> {
        let name = name.into();
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        self.zip.start_file(format!("{name}.npy"), options)?;
        self.zip.write_all(&header(T::TYPE, len))?;
        let mut out = BufWriter::new(&mut self.zip);
        let (mut written, mut sum) = (0, 0.0);
        for value in values {
            value.write(&mut out)?;
            sum += value.value();
            written += 1;
        }
        out.flush()?;
        drop(out);
        if written != len {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} has {written} values, not {len}")));
        }
        self.described.push(Described { name, dtype: T::TYPE, shape: vec![len], unit, meaning, sum });
        Ok(())
    }

    /// Ends the file and tells what is in it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> io::Result<Vec<Described>> {
        self.zip.finish()?.flush()?;
        Ok(self.described)
    }
}

/// Header of a `.npy` member of version 1.0, padded so that the values start at a multiple of 64.
fn header(dtype: &str, len: usize) -> Vec<u8> {
    const BEFORE: usize = 10;
    let text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({len},), }}");
    let whole = (BEFORE + text.len() + 1).next_multiple_of(64);
    let length = u16::try_from(whole - BEFORE).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(whole);
    bytes.extend_from_slice(b"\x93NUMPY\x01\x00");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(whole - 1, b' ');
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_type_and_shape_and_ends_where_values_may_start() {
        let bytes = header("<f4", 176);
        assert_eq!(bytes.len(), 128);
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert!(bytes[10..].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (176,), }"));
        assert_eq!(bytes[127], b'\n');
    }
}
