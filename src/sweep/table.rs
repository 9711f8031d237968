//! The Parquet files: what columns they have, and their bytes. The same runs give the same bytes.

use std::sync::{Arc, LazyLock};

use doozy_training::contest::{CURVE, Outcome};
use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        properties::{WriterProperties, WriterPropertiesPtr},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::{parser::parse_message_type, types::TypePtr},
};

use super::cells::{Played, event_of_point};

/// A row a run. The folder's name holds schedule, learner, policy and drill.
const RUNS: &str = "message runs {
    required int64 seed;
    required double retention_rms;
    required double end_rms;
    required double transfer_rms;
    required double retention_bias;
    optional int32 criterion;
    required int32 events;
    required int32 failures;
    required int32 longest_streak;
    required int32 brakes;
    required int32 rests;
    required int32 scenes;
    required float in_band;
    required float gain;
    required float rung;
    required double quit;
    required double minutes;
}";

/// A row a policy and point: sums over the part's runs, from which mean and spread follow.
const CURVES: &str = "message curves {
    required binary policy (UTF8);
    required int32 event;
    required int64 runs;
    required double sum;
    required double squares;
}";

/// What a file of Parquet begins and ends with.
pub(super) const MAGIC: &[u8; 4] = b"PAR1";

static PROPERTIES: LazyLock<WriterPropertiesPtr> = LazyLock::new(|| {
    // numbers from a continuum repeat too seldom for a dictionary
    let built = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_compression(Compression::UNCOMPRESSED)
        .set_created_by("doozy simulate".to_owned());
    Arc::new(built.build())
});

fn schema(text: &str) -> Result<TypePtr, ParquetError> {
    parse_message_type(text).map(Arc::new)
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: impl Iterator<Item = T::T>,
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = values.collect();
    let mut writer =
        group.next_column()?.ok_or_else(|| ParquetError::General("more columns than the schema".into()))?;
    writer.typed::<T>().write_batch(&values, levels, None)?;
    writer.close()
}

/// A count that a table holds.
fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// The bytes of a policy's runs.
///
/// # Errors
/// The format's own; none is known to happen in memory.
pub fn runs(played: &Played) -> Result<Vec<u8>, ParquetError> {
    let rows = &played.outcomes;
    let outcomes = || rows.iter().map(|(_, outcome)| outcome);
    let mut file = SerializedFileWriter::new(Vec::new(), schema(RUNS)?, Arc::clone(&PROPERTIES))?;
    let mut group = file.next_row_group()?;
    // seeds end below 2^63: the plan is checked for it
    column::<Int64Type>(&mut group, rows.iter().map(|(seed, _)| seed.cast_signed()), None)?;
    let doubles: [fn(&Outcome) -> f64; 4] =
        [|o| o.retention_rms, |o| o.end_rms, |o| o.transfer_rms, |o| o.retention_bias];
    for of in doubles {
        column::<DoubleType>(&mut group, outcomes().map(of), None)?;
    }
    let known: Vec<i16> = outcomes().map(|outcome| i16::from(outcome.criterion.is_some())).collect();
    column::<Int32Type>(&mut group, outcomes().filter_map(|o| o.criterion).map(count), Some(&known))?;
    let counts: [fn(&Outcome) -> u32; 6] =
        [|o| o.events, |o| o.failures, |o| o.longest_streak, |o| o.brakes, |o| o.rests, |o| o.scenes];
    for of in counts {
        column::<Int32Type>(&mut group, outcomes().map(of).map(count), None)?;
    }
    let floats: [fn(&Outcome) -> f64; 3] = [|o| o.in_band, |o| o.gain, |o| o.rung];
    for of in floats {
        column::<FloatType>(&mut group, outcomes().map(|outcome| of(outcome) as f32), None)?;
    }
    let doubles: [fn(&Outcome) -> f64; 2] = [|o| o.quit, |o| o.minutes];
    for of in doubles {
        column::<DoubleType>(&mut group, outcomes().map(of), None)?;
    }
    group.close()?;
    file.into_inner()
}

/// The bytes of a unit's learning curves; `total` events a run.
///
/// # Errors
/// As [`runs`].
pub fn curves(all: &[Played], total: usize) -> Result<Vec<u8>, ParquetError> {
    let points = || all.iter().flat_map(|played| (0..CURVE).map(move |k| (played, k)));
    let mut file = SerializedFileWriter::new(Vec::new(), schema(CURVES)?, Arc::clone(&PROPERTIES))?;
    let mut group = file.next_row_group()?;
    column::<ByteArrayType>(&mut group, points().map(|(played, _)| ByteArray::from(played.policy.as_str())), None)?;
    column::<Int32Type>(&mut group, points().map(|(_, k)| count(event_of_point(k, total))), None)?;
    column::<Int64Type>(&mut group, points().map(|(played, _)| played.curve.runs.cast_signed()), None)?;
    column::<DoubleType>(&mut group, points().map(|(played, k)| played.curve.sum[k]), None)?;
    column::<DoubleType>(&mut group, points().map(|(played, k)| played.curve.squares[k]), None)?;
    group.close()?;
    file.into_inner()
}
