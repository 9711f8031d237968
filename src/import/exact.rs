//! Exact numbers for times: decimals as they are written, fractions of beats, and sums that are rounded once.
//!
//! A chart's times come out in whole microseconds. Whatever leads to one is kept as an integer ratio, or as a sum in
//! units of 2⁻⁶⁴ µs, until the one rounding at the end (to the nearest, ties away from zero). No floating point.

use std::{
    cmp::Ordering,
    ops::{Add, Sub},
};

/// Microseconds in a minute.
pub const MINUTE_US: i128 = 60_000_000;

/// The integer nearest to `num / den`, ties away from zero. `den` is positive.
#[must_use]
pub fn nearest(num: i128, den: i128) -> i128 {
    let (whole, rest) = (num.div_euclid(den), num.rem_euclid(den));
    // with `rest` in 0..den, `den - rest` cannot overflow as doubling could
    match rest.cmp(&(den - rest)) {
        Ordering::Less => whole,
        Ordering::Greater => whole + 1,
        Ordering::Equal => whole + i128::from(num >= 0),
    }
}

/// Why a text is no number that can be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadNumber {
    /// `NaN`, in any case.
    Nan,
    /// `inf` and its kin, or a number beyond [`LARGEST`].
    TooLarge,
    /// Anything else.
    NotDecimal,
}

impl BadNumber {
    /// What is wrong with `text`, as part of a sentence.
    #[must_use]
    pub fn tell(self, text: &str) -> String {
        let text = super::chart::shown(text);
        match self {
            Self::Nan => format!("'{text}' is not a number"),
            Self::TooLarge => format!("'{text}' is too large; at most {LARGEST} is read"),
            Self::NotDecimal => format!("'{text}' is no decimal number"),
        }
    }
}

/// The largest whole part that is read: every time and tempo that a chart can mean is far below. ◇
pub const LARGEST: i128 = 1_000_000_000_000;

/// `text` times `10^places`, rounded to a whole number. Takes a sign, digits, one point, and an exponent.
///
/// # Errors
/// What is no decimal number, or one beyond [`LARGEST`].
pub fn decimal(text: &str, places: u32) -> Result<i128, BadNumber> {
    let text = text.trim();
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = body.to_ascii_lowercase();
    match lower.as_str() {
        "nan" => return Err(BadNumber::Nan),
        "inf" | "infinity" | "∞" => return Err(BadNumber::TooLarge),
        _ => {}
    }
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(BadNumber::NotDecimal);
            }
            // an exponent of many digits is as good as one of a thousand
            (mantissa, exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { -1000 } else { 1000 }))
        }
        None => (lower.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|b| b.is_ascii_digit()) {
        return Err(BadNumber::NotDecimal);
    }
    // the place of the point after the shift, counted in digits from the first
    let point = whole.len() as i64 + exponent.clamp(-1000, 1000) + i64::from(places);
    let most = LARGEST * 10_i128.pow(places);
    let mut value: i128 = 0;
    let mut at: i64 = 0;
    let mut half_or_more = false;
    for digit in digits() {
        if at < point {
            value = value * 10 + i128::from(digit - b'0');
            if value > most {
                return Err(BadNumber::TooLarge);
            }
        } else {
            if at == point {
                half_or_more = digit >= b'5';
            }
            break;
        }
        at += 1;
    }
    while value > 0 && at < point {
        value *= 10;
        if value > most {
            return Err(BadNumber::TooLarge);
        }
        at += 1;
    }
    // the first digit after the point decides, and only where it comes right after the point
    let value = value + i128::from(half_or_more);
    Ok(if negative { -value } else { value })
}

/// A position in beats, as a reduced fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    num: i64,
    den: i64,
}

impl Beat {
    pub const ZERO: Self = Self { num: 0, den: 1 };
    /// Decimal places of a beat or a tempo that are read; further ones are rounded away.
    pub const PLACES: u32 = 6;
    /// The largest position that is read, in beats: at 1000 beats a minute, a week. ◇
    pub const MOST: i64 = 10_000_000;
    /// Positions in a beat that the .sm format knows; tempo changes are written as roundings of these.
    const GRID: i64 = 48;

    /// `num / den` beats; none beyond [`Self::MOST`]. `den` is positive.
    #[must_use]
    pub fn ratio(num: i64, den: i64) -> Option<Self> {
        if num.checked_abs()? / den >= Self::MOST {
            return None;
        }
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs()).max(1) as i64;
        Some(Self { num: num / divisor, den: den / divisor })
    }

    /// A position that is written as a decimal. One that lies within a thousandth of a beat of a 48th is that 48th:
    /// `1.333` means 4/3.
    ///
    /// # Errors
    /// As [`decimal`].
    pub fn written(text: &str) -> Result<Self, BadNumber> {
        let unit = 10_i128.pow(Self::PLACES);
        let value = decimal(text, Self::PLACES)?;
        let grid = nearest(value * i128::from(Self::GRID), unit);
        let off = (value * i128::from(Self::GRID) - grid * unit).abs();
        let (num, den) =
            if off * 1000 < unit * i128::from(Self::GRID) { (grid, i128::from(Self::GRID)) } else { (value, unit) };
        let narrow = |n| i64::try_from(n).map_err(|_| BadNumber::TooLarge);
        Self::ratio(narrow(num)?, narrow(den)?).ok_or(BadNumber::TooLarge)
    }

    /// The next whole beat at or after this one.
    #[must_use]
    pub fn ceiling(self) -> i64 {
        -(-self.num).div_euclid(self.den)
    }

    /// The time from `since` to here at a tempo, `bpm / 10^PLACES` beats a minute; none beyond what [`Sum`] holds.
    #[must_use]
    pub fn elapsed(self, since: Self, bpm: i128) -> Option<Sum> {
        let wide = |n: i64| i128::from(n);
        let beats = wide(self.num) * wide(since.den) - wide(since.num) * wide(self.den);
        let num = beats.checked_mul(MINUTE_US)?.checked_mul(10_i128.pow(Self::PLACES))?;
        let den = wide(self.den).checked_mul(wide(since.den))?.checked_mul(bpm)?;
        if den < 0 { Sum::ratio(-num, -den) } else { Sum::ratio(num, den) }
    }

    /// This position and `by` more; none beyond [`Self::MOST`].
    #[must_use]
    pub fn plus(self, by: Self) -> Option<Self> {
        let wide = |n: i64| i128::from(n);
        let num = wide(self.num) * wide(by.den) + wide(by.num) * wide(self.den);
        let den = wide(self.den) * wide(by.den);
        let divisor = i128::try_from(gcd128(num.unsigned_abs(), den.unsigned_abs())).ok()?.max(1);
        Self::ratio(i64::try_from(num / divisor).ok()?, i64::try_from(den / divisor).ok()?)
    }

    /// For messages.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

impl PartialOrd for Beat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Beat {
    fn cmp(&self, other: &Self) -> Ordering {
        let across = |a: i64, b: i64| i128::from(a) * i128::from(b);
        across(self.num, other.den).cmp(&across(other.num, self.den))
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn gcd128(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A sum of times in units of 2⁻⁶⁴ µs. Each term is off by at most half a unit, so that a hundred thousand terms are
/// off by less than 10⁻¹⁴ µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum(i128);

impl Sum {
    pub const ZERO: Self = Self(0);
    /// What two sums may differ by and still mean the same time: 2⁻²⁴ µs, far above what roundings add up to and far
    /// below what anyone means.
    pub const SAME: Self = Self(1 << 40);
    /// The longest time that is worked with, µs: above 30 years. ◇
    const MOST_US: i128 = 1_000_000_000_000_000;

    /// `num / den` microseconds; none beyond 30 years. `den` is positive.
    #[must_use]
    pub fn ratio(num: i128, den: i128) -> Option<Self> {
        let (whole, mut rest) = (num.div_euclid(den), num.rem_euclid(den));
        if whole.abs() > Self::MOST_US || den > i128::MAX / 2 {
            return None;
        }
        let mut fraction: i128 = 0;
        for _ in 0..64 {
            rest *= 2;
            fraction *= 2;
            if rest >= den {
                rest -= den;
                fraction += 1;
            }
        }
        Some(Self((whole << 64) + fraction + i128::from(rest * 2 >= den)))
    }

    /// In whole microseconds. What lies within [`Self::SAME`] of a half is that half.
    #[must_use]
    pub fn micros(self) -> i64 {
        let half = 1_i128 << 63;
        let magnitude = (self.0.abs() + half + Self::SAME.0) >> 64;
        let micros = if self.0 < 0 { -magnitude } else { magnitude };
        // a sum of at most a few hundred thousand terms of at most MOST_US; beyond that the nearest is as wrong as any
        i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX })
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl Add for Sum {
    type Output = Self;
    fn add(self, by: Self) -> Self {
        Self(self.0.saturating_add(by.0))
    }
}

impl Sub for Sum {
    type Output = Self;
    fn sub(self, by: Self) -> Self {
        Self(self.0.saturating_sub(by.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_round_to_the_nearest_and_ties_away_from_zero() {
        for (num, den, right) in
            [(7, 2, 4), (-7, 2, -4), (5, 3, 2), (-5, 3, -2), (4, 3, 1), (-4, 3, -1), (0, 9, 0), (9, 3, 3)]
        {
            assert_eq!(nearest(num, den), right, "{num}/{den}");
            let sum = Sum::ratio(num, den).expect("small");
            assert_eq!(i128::from(sum.micros()), right, "{num}/{den}");
        }
    }

    #[test]
    fn thirds_add_up_to_their_whole() {
        let third = Sum::ratio(1, 3).expect("small");
        let six = (0..18).fold(Sum::ZERO, |sum, _| sum + third);
        assert_eq!(six.micros(), 6);
        // a half that roundings have moved is still a half
        let half = (0..3).fold(Sum::ZERO, |sum, _| sum + Sum::ratio(1, 6).expect("small"));
        assert_eq!((half.micros(), (Sum::ZERO - half).micros()), (1, -1));
    }

    #[test]
    fn decimals_are_read_as_written() {
        for (text, places, right) in [
            ("0.100", 6, 100_000),
            ("-0.009", 6, -9_000),
            (" +12 ", 3, 12_000),
            (".5", 3, 500),
            ("5.", 3, 5_000),
            ("1e8", 0, 100_000_000),
            ("1.5E-3", 6, 1_500),
            ("0.0000005", 6, 1),
            ("0.00000049", 6, 0),
            ("0.00000009", 6, 0),
            ("1e-9", 6, 0),
            ("-0", 3, 0),
            ("00012.5", 1, 125),
            ("2147483647", 3, 2_147_483_647_000),
        ] {
            assert_eq!(decimal(text, places), Ok(right), "{text}");
        }
        for (text, wrong) in [
            ("", BadNumber::NotDecimal),
            (".", BadNumber::NotDecimal),
            ("1,5", BadNumber::NotDecimal),
            ("0x10", BadNumber::NotDecimal),
            ("1.2.3", BadNumber::NotDecimal),
            ("--1", BadNumber::NotDecimal),
            ("1e", BadNumber::NotDecimal),
            ("NaN", BadNumber::Nan),
            ("-nan", BadNumber::Nan),
            ("inf", BadNumber::TooLarge),
            ("1e999999999999999999999", BadNumber::TooLarge),
            ("9999999999999999999999999999999999999999", BadNumber::TooLarge),
        ] {
            assert_eq!(decimal(text, 6), Err(wrong), "{text}");
        }
    }

    #[test]
    fn beats_that_are_written_as_decimals_find_their_48th() {
        let ratio = |num, den| Beat::ratio(num, den).expect("small");
        assert_eq!(Beat::written("1.333"), Ok(ratio(4, 3)));
        assert_eq!(Beat::written("2.500000"), Ok(ratio(5, 2)));
        assert_eq!(Beat::written("7.979"), Ok(ratio(383, 48)));
        // no 48th is meant by a fifth
        assert_eq!(Beat::written("0.8"), Ok(ratio(4, 5)));
        assert_eq!(Beat::written("99999999"), Err(BadNumber::TooLarge));
        assert!(ratio(1, 3) < ratio(2, 5) && ratio(-1, 3) < Beat::ZERO);
        assert_eq!((ratio(7, 3).ceiling(), ratio(-7, 3).ceiling(), ratio(6, 3).ceiling()), (3, -2, 2));
        assert_eq!(ratio(1, 3).plus(ratio(1, 6)), Some(ratio(1, 2)));
    }
}
