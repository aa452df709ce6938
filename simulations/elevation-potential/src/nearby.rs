//! Things found by place.

use rstar::{AABB, RTree, RTreeObject};
use twin_core::spatial::Extent;

/// Things with an extent.
#[derive(Debug)]
pub(crate) struct Nearby<T>(RTree<Item<T>>);

#[derive(Debug)]
struct Item<T> {
    extent: Extent,
    thing: T,
}

impl<T> RTreeObject for Item<T> {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        envelope(&self.extent)
    }
}

fn envelope(e: &Extent) -> AABB<[f64; 2]> {
    AABB::from_corners([e.min_x, e.min_y], [e.max_x, e.max_y])
}

impl<T> Nearby<T> {
    /// Sorts things by place.
    pub(crate) fn new(things: impl IntoIterator<Item = (Extent, T)>) -> Self {
        let items = things.into_iter().map(|(extent, thing)| Item { extent, thing });
        Self(RTree::bulk_load(items.collect()))
    }

    /// Things whose extent reaches into another, in no order.
    pub(crate) fn reaching(&self, extent: &Extent) -> impl Iterator<Item = &T> + use<'_, T> {
        self.0.locate_in_envelope_intersecting(&envelope(extent)).map(|item| &item.thing)
    }
}
