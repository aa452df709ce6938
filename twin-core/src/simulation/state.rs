//! Saving and loading a run's state through one visitor, so that the two can never diverge.
//!
//! A run walks over its state once and hands every piece to the visitor by name; the same walk
//! saves with a [`StateWriter`] and loads with a [`StateReader`]. The stream is little-endian and
//! names every piece, so that a checkpoint of another version is refused instead of misread.

use std::io::{Read, Write};

/// Receives every piece of a run's state, to save it or to overwrite it.
pub trait StateVisitor {
    /// A real number.
    fn scalar(&mut self, name: &str, value: &mut f64) -> Result<(), StateError>;
    /// A whole number.
    fn counter(&mut self, name: &str, value: &mut u64) -> Result<(), StateError>;
    /// Numbers whose count never changes during a run.
    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), StateError>;
    /// Numbers in single precision whose count never changes during a run.
    fn array_f32(&mut self, name: &str, values: &mut [f32]) -> Result<(), StateError>;
    /// A list that grows during a run, such as a gauge's record.
    fn list(&mut self, name: &str, values: &mut Vec<f64>) -> Result<(), StateError>;
}

/// Why a state could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The stream could not be read or written.
    #[error("checkpoint cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The stream holds something else than the run expects here.
    #[error("checkpoint holds \"{found}\" where \"{expected}\" is expected")]
    Mismatch {
        /// What the run walks over.
        expected: String,
        /// What the stream holds.
        found: String,
    },
}

/// Writes a state.
#[derive(Debug)]
pub struct StateWriter<W>(pub W);

/// Loads a state written by [`StateWriter`].
#[derive(Debug)]
pub struct StateReader<R>(pub R);

impl<W: Write> StateWriter<W> {
    fn head(&mut self, name: &str, kind: u8, count: usize) -> Result<(), StateError> {
        self.0.write_all(&(name.len() as u16).to_le_bytes())?;
        self.0.write_all(name.as_bytes())?;
        self.0.write_all(&[kind])?;
        self.0.write_all(&(count as u64).to_le_bytes())?;
        Ok(())
    }
}

impl<W: Write> StateVisitor for StateWriter<W> {
    fn scalar(&mut self, name: &str, value: &mut f64) -> Result<(), StateError> {
        self.head(name, b'f', 1)?;
        Ok(self.0.write_all(&value.to_le_bytes())?)
    }

    fn counter(&mut self, name: &str, value: &mut u64) -> Result<(), StateError> {
        self.head(name, b'u', 1)?;
        Ok(self.0.write_all(&value.to_le_bytes())?)
    }

    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), StateError> {
        self.head(name, b'a', values.len())?;
        for value in values {
            self.0.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    fn array_f32(&mut self, name: &str, values: &mut [f32]) -> Result<(), StateError> {
        self.head(name, b's', values.len())?;
        for value in values {
            self.0.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    fn list(&mut self, name: &str, values: &mut Vec<f64>) -> Result<(), StateError> {
        self.head(name, b'l', values.len())?;
        for value in values {
            self.0.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }
}

impl<R: Read> StateReader<R> {
    /// Checks the name and kind of the next piece and returns its count.
    fn head(&mut self, name: &str, kind: u8) -> Result<u64, StateError> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length)?;
        let mut found = vec![0; usize::from(u16::from_le_bytes(length))];
        self.0.read_exact(&mut found)?;
        let mut found_kind = [0; 1];
        self.0.read_exact(&mut found_kind)?;
        let mut count = [0; 8];
        self.0.read_exact(&mut count)?;
        if found != name.as_bytes() || found_kind != [kind] {
            return Err(StateError::Mismatch {
                expected: name.to_owned(),
                found: String::from_utf8_lossy(&found).into_owned(),
            });
        }
        Ok(u64::from_le_bytes(count))
    }

    fn counted(&mut self, name: &str, kind: u8, expected: usize) -> Result<(), StateError> {
        let count = self.head(name, kind)?;
        if count == expected as u64 {
            Ok(())
        } else {
            Err(StateError::Mismatch {
                expected: format!("{name}[{expected}]"),
                found: format!("{name}[{count}]"),
            })
        }
    }

    fn eight(&mut self) -> Result<[u8; 8], StateError> {
        let mut bytes = [0; 8];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: Read> StateVisitor for StateReader<R> {
    fn scalar(&mut self, name: &str, value: &mut f64) -> Result<(), StateError> {
        self.counted(name, b'f', 1)?;
        *value = f64::from_le_bytes(self.eight()?);
        Ok(())
    }

    fn counter(&mut self, name: &str, value: &mut u64) -> Result<(), StateError> {
        self.counted(name, b'u', 1)?;
        *value = u64::from_le_bytes(self.eight()?);
        Ok(())
    }

    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), StateError> {
        self.counted(name, b'a', values.len())?;
        for value in values {
            *value = f64::from_le_bytes(self.eight()?);
        }
        Ok(())
    }

    fn array_f32(&mut self, name: &str, values: &mut [f32]) -> Result<(), StateError> {
        self.counted(name, b's', values.len())?;
        for value in values {
            let mut bytes = [0; 4];
            self.0.read_exact(&mut bytes)?;
            *value = f32::from_le_bytes(bytes);
        }
        Ok(())
    }

    fn list(&mut self, name: &str, values: &mut Vec<f64>) -> Result<(), StateError> {
        let count = self.head(name, b'l')?;
        values.clear();
        // Grows as it reads: a forged count ends at the end of the stream, not in an allocation.
        for _ in 0..count {
            values.push(f64::from_le_bytes(self.eight()?));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Toy {
        time: f64,
        steps: u64,
        depth: [f64; 3],
        maxima: [f32; 2],
        record: Vec<f64>,
    }

    fn walk(toy: &mut Toy, visitor: &mut dyn StateVisitor) -> Result<(), StateError> {
        visitor.scalar("time", &mut toy.time)?;
        visitor.counter("steps", &mut toy.steps)?;
        visitor.array("depth", &mut toy.depth)?;
        visitor.array_f32("maxima", &mut toy.maxima)?;
        visitor.list("record", &mut toy.record)
    }

    fn toy() -> Toy {
        Toy {
            time: 0.1,
            steps: 7,
            depth: [1.0, -0.0, 1e-300],
            maxima: [1.5, 2.5],
            record: vec![3.0],
        }
    }

    fn saved() -> Vec<u8> {
        let mut bytes = Vec::new();
        walk(&mut toy(), &mut StateWriter(&mut bytes)).unwrap();
        bytes
    }

    #[test]
    fn what_was_saved_is_loaded_to_the_bit() {
        let mut loaded =
            Toy { time: 9.0, steps: 0, depth: [0.0; 3], maxima: [0.0; 2], record: vec![] };
        walk(&mut loaded, &mut StateReader(saved().as_slice())).unwrap();
        assert_eq!(loaded, toy());
    }

    #[test]
    fn a_checkpoint_of_another_shape_is_refused() {
        let mut other = [0.0; 4];
        let bytes = saved();
        let mut reader = StateReader(bytes.as_slice());
        let mut toy = toy();
        reader.scalar("time", &mut toy.time).unwrap();
        reader.counter("steps", &mut toy.steps).unwrap();
        assert!(matches!(reader.array("depth", &mut other), Err(StateError::Mismatch { .. })));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = saved();
        for end in 0..bytes.len() {
            assert!(walk(&mut toy(), &mut StateReader(&bytes[..end])).is_err());
        }
    }
}
