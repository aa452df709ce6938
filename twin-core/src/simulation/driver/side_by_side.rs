//! Pieces of work side by side, each worker with its share of the threads; together they keep all
//! threads busy even where one piece alone would not.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, Result};

/// Does `count` pieces of work, at most `most` at once, and returns their results in order. After a
/// failure nobody begins another piece; the first failure in order is returned.
pub(super) fn side_by_side<T: Send>(
    count: usize,
    most: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let threads = rayon::current_num_threads();
    let workers = threads.min(count).min(most).max(1);
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Result<T>>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let drain = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = results.get(index) else { return };
            let result = work(index);
            if result.is_err() {
                next.store(count, Ordering::Relaxed);
            }
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(result);
            }
        }
    };
    let mut pools = Vec::with_capacity(workers);
    for worker in 0..workers {
        let share = threads / workers + usize::from(worker < threads % workers);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(share).build();
        pools.push(pool.map_err(|error| no_threads(&error))?);
    }
    std::thread::scope(|scope| {
        for pool in &pools {
            scope.spawn(|| pool.install(drain));
        }
    });
    let mut done = Vec::with_capacity(count);
    let mut is_cut_short = false;
    for result in results {
        match result.into_inner() {
            Ok(Some(result)) => done.push(result?),
            _ => is_cut_short = true,
        }
    }
    if is_cut_short { Err(Error::Cancelled) } else { Ok(done) }
}

fn no_threads(error: &rayon::ThreadPoolBuildError) -> Error {
    Error::input(
        "--threads",
        format!("les fils de calcul n'ont pas pu être créés ({error}) ; réduire --threads"),
        format!("computing threads could not be created ({error}); lower --threads"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_never_more_at_once_than_asked() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let squares = pool.install(|| {
            side_by_side(20, 3, |k| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(k * k)
            })
        });
        assert_eq!(squares.unwrap(), (0..20).map(|k| k * k).collect::<Vec<_>>());
        assert!(most.into_inner() <= 3);
    }

    #[test]
    fn a_failure_stops_the_rest_and_is_told() {
        let failed = side_by_side(1000, 2, |k| {
            if k == 3 { Err(Error::input("three", "trois", "three")) } else { Ok(k) }
        });
        assert!(matches!(failed, Err(Error::Input { place, .. }) if place == "three"));
    }
}
