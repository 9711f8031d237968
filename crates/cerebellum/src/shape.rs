//! The shape of a state: what its arrays take, and whether one that was read fits its parameters, in the lengths of its
//! arrays and in what points into them.

use thiserror::Error;

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    #[error("{what} has {found} elements; by its parameters it must have {expected}")]
    Length { what: &'static str, found: usize, expected: usize },
    #[error("{what} contains {found}; by its parameters it must be below {bound}")]
    Beyond { what: &'static str, found: u64, bound: u64 },
    #[error("{what} has other settings than its parameters")]
    Settings { what: &'static str },
    #[error("{what} is {found}; by the rest of the state it must be {expected}")]
    Other { what: &'static str, found: u64, expected: u64 },
}

/// Times (steps) lie below this, so that no sum of them overflows.
pub(crate) const LATEST: u64 = 1 << 60;

/// That an array has its length.
pub(crate) fn length<T>(what: &'static str, array: &[T], expected: usize) -> Result<(), Misfit> {
    if array.len() == expected { Ok(()) } else { Err(Misfit::Length { what, found: array.len(), expected }) }
}

/// That several arrays have one length.
pub(crate) fn lengths<T>(what: &'static str, arrays: &[&Vec<T>], expected: usize) -> Result<(), Misfit> {
    arrays.iter().try_for_each(|array| length(what, array, expected))
}

/// That every value is below a bound.
pub(crate) fn below<T: Copy + Into<u64>>(what: &'static str, values: &[T], bound: u64) -> Result<(), Misfit> {
    match values.iter().map(|value| (*value).into()).find(|value| *value >= bound) {
        None => Ok(()),
        Some(found) => Err(Misfit::Beyond { what, found, bound }),
    }
}

/// That sets hold no cell beyond `cells`, one bit each.
pub(crate) fn sets(what: &'static str, sets: &[u64], cells: usize) -> Result<(), Misfit> {
    sets.iter().try_for_each(|set| {
        let end = u64::from(u64::BITS - set.leading_zeros());
        if end <= cells as u64 { Ok(()) } else { Err(Misfit::Beyond { what, found: end - 1, bound: cells as u64 }) }
    })
}

/// That a number is what it must be.
pub(crate) fn same(what: &'static str, found: u64, expected: u64) -> Result<(), Misfit> {
    if found == expected { Ok(()) } else { Err(Misfit::Other { what, found, expected }) }
}

/// That a part has the settings of the whole.
pub(crate) fn settings<T: PartialEq + ?Sized>(what: &'static str, found: &T, expected: &T) -> Result<(), Misfit> {
    if found == expected { Ok(()) } else { Err(Misfit::Settings { what }) }
}

/// That compressed rows of `rows` cells reach from the first to the last of `entries`.
pub(crate) fn rows(what: &'static str, starts: &[u32], rows: usize, entries: usize) -> Result<(), Misfit> {
    length(what, starts, rows + 1)?;
    same(what, starts[0].into(), 0)?;
    same(what, starts[rows].into(), entries as u64)?;
    match starts.windows(2).find(|pair| pair[0] > pair[1]) {
        None => Ok(()),
        Some(pair) => Err(Misfit::Beyond { what, found: pair[0].into(), bound: u64::from(pair[1]) + 1 }),
    }
}

/// Bytes that arrays hold.
pub(crate) fn held<T>(arrays: &[&Vec<T>]) -> usize {
    arrays.iter().map(|array| array.capacity() * size_of::<T>()).sum()
}
