//! Saving and loading the state by one code path.

use crate::layout::Layout;
use crate::real::Real;

/// Walks over every number that a run needs to go on; writes them when saving, replaces them when
/// loading. Names are stable and unique within a solver.
pub trait StateVisitor {
    /// Why a walk may stop: a full disk, another set-up.
    type Error;
    /// A real number.
    ///
    /// # Errors
    /// Those of the medium.
    fn scalar(&mut self, name: &str, value: &mut f64) -> Result<(), Self::Error>;
    /// A whole number.
    ///
    /// # Errors
    /// Those of the medium.
    fn counter(&mut self, name: &str, value: &mut u64) -> Result<(), Self::Error>;
    /// Real numbers whose count depends on the set-up only.
    ///
    /// # Errors
    /// Those of the medium.
    fn array(&mut self, name: &str, values: &mut [f64]) -> Result<(), Self::Error>;
}

/// Walks over a field, row by row.
pub(crate) fn visit_field<R: Real, V: StateVisitor>(
    layout: &Layout,
    visitor: &mut V,
    name: &str,
    field: &mut Vec<R>,
) -> Result<(), V::Error> {
    let fill = field.last().copied().unwrap_or_default();
    let mut values = layout.gather(field, |x| x.as_());
    visitor.array(name, &mut values)?;
    *field = layout.scatter(&values, fill, |&x| R::of(x));
    Ok(())
}
