//! Rows in long form as a file: CSV, or Parquet for whoever reads columns.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use patient::protocol::{self, Row};

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated text with a head.
    Csv,
    /// Columns.
    Parquet,
}

/// The columns, as Parquet names them.
const SCHEMA: &str = "message rows {
    required double time_min;
    required byte_array site (UTF8);
    required byte_array quantity (UTF8);
    required double value;
    required byte_array unit (UTF8);
}";

impl Format {
    /// The format that a file's ending names.
    ///
    /// # Errors
    /// Another ending.
    pub fn of(path: &Path) -> Result<Self, String> {
        match path.extension().and_then(|end| end.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(format!("{}: a name that ends in .csv or .parquet was expected", path.display())),
        }
    }
}

/// Writes rows.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, format: Format, rows: &[Row]) -> Result<(), String> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    match format {
        Format::Csv => std::fs::write(path, protocol::csv(rows)).map_err(|why| told(&why)),
        Format::Parquet => columns(path, rows).map_err(|why| told(&why)),
    }
}

fn columns(path: &Path, rows: &[Row]) -> Result<(), ParquetError> {
    let about = [("written_by", concat!("nepenthe ", env!("CARGO_PKG_VERSION"))), ("rows", "long form, schema 1")];
    let about = about.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(about.to_vec()))
        .build();
    let file = File::create(path)?;
    let mut writer = SerializedFileWriter::new(file, Arc::new(parse_message_type(SCHEMA)?), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let mut number = 0;
    while let Some(mut column) = group.next_column()? {
        let texts = |read: fn(&Row) -> &str| -> Vec<ByteArray> { rows.iter().map(|row| read(row).into()).collect() };
        let numbers = |read: fn(&Row) -> f64| -> Vec<f64> { rows.iter().map(read).collect() };
        match number {
            0 => column.typed::<DoubleType>().write_batch(&numbers(|row| row.time_min), None, None)?,
            1 => column.typed::<ByteArrayType>().write_batch(&texts(|row| &row.site), None, None)?,
            2 => column.typed::<ByteArrayType>().write_batch(&texts(|row| &row.quantity), None, None)?,
            3 => column.typed::<DoubleType>().write_batch(&numbers(|row| row.value), None, None)?,
            _ => column.typed::<ByteArrayType>().write_batch(&texts(|row| row.unit), None, None)?,
        };
        column.close()?;
        number += 1;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    fn rows() -> Vec<Row> {
        let row = |n: u32, unit| Row {
            time_min: f64::from(n) * 10.0,
            site: if n.is_multiple_of(2) { "csf L3" } else { "cisternal" }.into(),
            quantity: "morphine".into(),
            value: f64::from(n).sqrt(),
            unit,
        };
        (0..1000).map(|n| row(n, "ng/mL")).collect()
    }

    #[test]
    fn what_is_written_as_columns_reads_back_row_by_row() {
        let path = std::env::temp_dir().join(format!("nepenthe-table-{}.parquet", std::process::id()));
        write(&path, Format::Parquet, &rows()).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let read: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.len(), 1000);
        for (row, wanted) in read.iter().zip(rows()) {
            assert_eq!(row.get_double(0).unwrap(), wanted.time_min);
            assert_eq!(row.get_string(1).unwrap(), &wanted.site);
            assert_eq!(row.get_double(3).unwrap().to_bits(), wanted.value.to_bits());
            assert_eq!(row.get_string(4).unwrap(), wanted.unit);
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_name_that_says_no_format_is_refused() {
        assert_eq!(Format::of(Path::new("a/b.parquet")), Ok(Format::Parquet));
        assert!(Format::of(Path::new("levels.xlsx")).unwrap_err().contains(".csv or .parquet"));
        assert!(Format::of(Path::new("levels")).is_err());
    }
}
