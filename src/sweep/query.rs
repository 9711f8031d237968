//! Sums over a folder's tables, by DataFusion: one thread and files in the order of their names, so that a sum has one
//! order and one result.

use std::{path::Path, str::FromStr as _, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, AsArray as _},
        datatypes::{DataType, Float64Type, Int64Type},
        record_batch::RecordBatch,
    },
    datasource::{
        file_format::parquet::ParquetFormat,
        listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    },
    error::DataFusionError,
    execution::config::SessionConfig,
    prelude::SessionContext,
};
use doozy_training::{contest::Drill, learner::Hypothesis};

use super::{
    folder::Folder,
    summary::{Block, CurvePoint, Key, MEASURES, Reached, Sums, block_size},
};

/// Why the tables could not be summed up.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("{}: {source}", .folder.display())]
    Engine { folder: std::path::PathBuf, source: DataFusionError },
    #[error("the engine's threads cannot be had: {0}")]
    Threads(std::io::Error),
    /// Tables that are not ours.
    #[error("{0}")]
    Table(String),
}

/// Reads all tables of a folder.
///
/// # Errors
/// Tables that the engine cannot read, or that hold names which are none.
pub fn sums(folder: &Folder) -> Result<Sums, QueryError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().map_err(QueryError::Threads)?;
    runtime.block_on(read(folder))
}

async fn read(folder: &Folder) -> Result<Sums, QueryError> {
    let failed = |source| QueryError::Engine { folder: folder.path().to_path_buf(), source };
    let mut config = SessionConfig::new()
        .with_target_partitions(1)
        .with_repartition_file_scans(false)
        .with_collect_statistics(false);
    // the folders' names stay text: L0 and 1 alike
    config.options_mut().execution.listing_table_factory_infer_partitions = false;
    let context = SessionContext::new_with_config(config);
    for (table, partitions) in
        [("runs", &["schedule", "learner", "policy", "drill"][..]), ("curves", &["schedule", "learner", "drill"])]
    {
        register(&context, table, &folder.path().join(table), partitions).await.map_err(failed)?;
    }
    let plan = folder.plan();
    let (first, size) = (plan.first_seed, block_size(plan.seeds, plan.chunk));
    let means: Vec<String> = MEASURES
        .iter()
        .map(|measure| match *measure {
            "failures_a_minute" => {
                "avg(CASE WHEN minutes > 0 THEN failures / minutes ELSE 0 END) AS failures_a_minute".to_owned()
            }
            measure => format!("avg(CAST({measure} AS DOUBLE)) AS {measure}"),
        })
        .collect();
    let by = "schedule, learner, policy, drill";
    let blocks = format!(
        "SELECT {by}, (seed - {first}) / {size} AS block, count(*) AS runs, {} FROM runs GROUP BY {by}, (seed - {first}) / {size}",
        means.join(", ")
    );
    let reached = format!(
        "SELECT {by}, CAST(criterion AS BIGINT) AS criterion, count(*) AS runs FROM runs GROUP BY {by}, criterion"
    );
    let curves = format!(
        "SELECT {by}, CAST(event AS BIGINT) AS event, sum(runs) AS runs, sum(sum) AS sum, sum(squares) AS squares FROM curves GROUP BY {by}, event"
    );
    let mut sums = Sums::default();
    for batch in ask(&context, &blocks).await.map_err(failed)? {
        let keys = Keys::of(&batch)?;
        for row in 0..batch.num_rows() {
            let mut means = [0.0; MEASURES.len()];
            for (mean, name) in means.iter_mut().zip(MEASURES) {
                *mean = real(&batch, name, row)?;
            }
            let (block, runs) = (whole(&batch, "block", row)?, whole(&batch, "runs", row)?);
            sums.blocks.push(Block { key: keys.key(row)?, block, runs, means });
        }
    }
    for batch in ask(&context, &reached).await.map_err(failed)? {
        let keys = Keys::of(&batch)?;
        for row in 0..batch.num_rows() {
            let criterion = optional(&batch, "criterion", row)?.and_then(|event| u32::try_from(event).ok());
            sums.reached.push(Reached { key: keys.key(row)?, criterion, runs: whole(&batch, "runs", row)? });
        }
    }
    for batch in ask(&context, &curves).await.map_err(failed)? {
        let keys = Keys::of(&batch)?;
        for row in 0..batch.num_rows() {
            sums.curves.push(CurvePoint {
                key: keys.key(row)?,
                event: u32::try_from(whole(&batch, "event", row)?).unwrap_or(u32::MAX),
                runs: whole(&batch, "runs", row)?,
                sum: real(&batch, "sum", row)?,
                squares: real(&batch, "squares", row)?,
            });
        }
    }
    Ok(sums)
}

async fn register(
    context: &SessionContext,
    table: &str,
    folder: &Path,
    partitions: &[&str],
) -> Result<(), DataFusionError> {
    let address = ListingTableUrl::parse(format!("{}/", folder.display()))?;
    let columns = partitions.iter().map(|name| ((*name).to_owned(), DataType::Utf8)).collect();
    let options = ListingOptions::new(Arc::new(ParquetFormat::default()))
        .with_file_extension(".parquet")
        .with_table_partition_cols(columns);
    let schema = options.infer_schema(&context.state(), &address).await?;
    let config = ListingTableConfig::new(address).with_listing_options(options).with_schema(schema);
    context.register_table(table, Arc::new(ListingTable::try_new(config)?))?;
    Ok(())
}

async fn ask(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
    context.sql(sql).await?.collect().await
}

/// The columns that name a cell, as text.
struct Keys([datafusion::arrow::array::ArrayRef; 4]);

impl Keys {
    fn of(batch: &RecordBatch) -> Result<Self, QueryError> {
        let text = |name: &str| {
            datafusion::arrow::compute::cast(column(batch, name)?, &DataType::Utf8)
                .map_err(|error| QueryError::Table(format!("column {name}: {error}")))
        };
        Ok(Self([text("schedule")?, text("learner")?, text("policy")?, text("drill")?]))
    }

    fn key(&self, row: usize) -> Result<Key, QueryError> {
        let [schedule, learner, policy, drill] = &self.0;
        let at = |column: &datafusion::arrow::array::ArrayRef| column.as_string::<i32>().value(row).to_owned();
        let (learner, drill) = (at(learner), at(drill));
        let unknown = |what: &str, name: &str| {
            QueryError::Table(format!("the tables speak of the {what} {name:?}, which there is none of"))
        };
        Ok(Key {
            schedule: at(schedule),
            drill: Drill::ALL.into_iter().find(|known| known.id() == drill).ok_or_else(|| unknown("drill", &drill))?,
            learner: Hypothesis::from_str(&learner).map_err(|_| unknown("learner", &learner))?,
            policy: at(policy),
        })
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a datafusion::arrow::array::ArrayRef, QueryError> {
    batch.column_by_name(name).ok_or_else(|| QueryError::Table(format!("the tables have no column {name}")))
}

fn real(batch: &RecordBatch, name: &str, row: usize) -> Result<f64, QueryError> {
    let column = column(batch, name)?;
    let numbers = column.as_primitive_opt::<Float64Type>().filter(|numbers| !numbers.is_null(row));
    numbers.map(|numbers| numbers.value(row)).ok_or_else(|| QueryError::Table(format!("column {name} holds no number")))
}

fn optional(batch: &RecordBatch, name: &str, row: usize) -> Result<Option<i64>, QueryError> {
    let numbers = column(batch, name)?
        .as_primitive_opt::<Int64Type>()
        .ok_or_else(|| QueryError::Table(format!("column {name} holds no whole numbers")))?;
    Ok((!numbers.is_null(row)).then(|| numbers.value(row)))
}

fn whole(batch: &RecordBatch, name: &str, row: usize) -> Result<u64, QueryError> {
    let number = optional(batch, name, row)?.and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| QueryError::Table(format!("column {name} holds no count")))
}
