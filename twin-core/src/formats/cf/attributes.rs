//! Attributes in the form netCDF-4 gives them: text as fixed-length strings, numbers as arrays.

use hdf5::{DatatypeMessage, H5Dataset, H5Group, H5Type};

/// Objects that take attributes.
pub(super) trait Attributes {
    /// Adds a text.
    fn set_text(&self, name: &str, value: &str) -> hdf5::Result<()>;
    /// Adds one or more numbers.
    fn set_numbers<T: H5Type>(&self, name: &str, values: &[T]) -> hdf5::Result<()>;
}

/// A text as HDF5 type and bytes. The padding is with NUL and needs no room for an end mark.
fn fixed_text(value: &str) -> (DatatypeMessage, Vec<u8>) {
    let bytes = if value.is_empty() { vec![0] } else { value.as_bytes().to_vec() };
    let charset = u8::from(!value.is_ascii());
    (DatatypeMessage::FixedString { size: bytes.len() as u32, padding: 1, charset }, bytes)
}

impl Attributes for H5Dataset {
    fn set_text(&self, name: &str, value: &str) -> hdf5::Result<()> {
        let (datatype, bytes) = fixed_text(value);
        self.set_attr_typed(name, datatype, bytes)
    }

    fn set_numbers<T: H5Type>(&self, name: &str, values: &[T]) -> hdf5::Result<()> {
        self.new_attr::<T>().shape([values.len()]).create(name)?.write_array(values)
    }
}

impl Attributes for H5Group {
    fn set_text(&self, name: &str, value: &str) -> hdf5::Result<()> {
        let (datatype, bytes) = fixed_text(value);
        self.set_attr_typed(name, datatype, bytes)
    }

    fn set_numbers<T: H5Type>(&self, name: &str, values: &[T]) -> hdf5::Result<()> {
        self.set_attr_array_numeric(name, values)
    }
}

/// A text attribute; `None` where it is absent or unreadable.
pub(super) fn text(dataset: &H5Dataset, name: &str) -> Option<String> {
    dataset.attr(name).ok()?.read_string().ok()
}

/// Number attribute of whatever width, first value; `None` where it is absent.
pub(super) fn number(dataset: &H5Dataset, name: &str) -> Option<f64> {
    let attribute = dataset.attr(name).ok()?;
    let reals = attribute.read_numeric_as::<f64>().ok().and_then(|v| v.first().copied());
    reals.or_else(|| {
        let integers = attribute.read_numeric_as::<i64>().ok()?;
        integers.first().map(|&v| v as f64)
    })
}
