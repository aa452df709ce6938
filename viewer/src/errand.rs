//! Work on other threads. The window draws when something happens, and not otherwise: they wake it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bevy::prelude::*;
use bevy::winit::{EventLoopProxyWrapper, WinitUserEvent};

/// Wakes the window from any thread; where there is none, nothing.
#[derive(Clone, Default, Resource)]
pub(crate) struct Wake(Option<Arc<dyn Fn() + Send + Sync>>);

impl Wake {
    /// Asks the window for a turn.
    pub(crate) fn up(&self) {
        if let Some(wake) = &self.0 {
            wake();
        }
    }
}

/// Ties [`Wake`] to the window.
pub(crate) fn tie(mut wake: ResMut<Wake>, window: Res<EventLoopProxyWrapper>) {
    let window = (**window).clone();
    // A window that was closed needs no turn.
    wake.0 = Some(Arc::new(move || {
        let _ = window.send_event(WinitUserEvent::WakeUp);
    }));
}

/// Work on a thread of its own, at whose end the window wakes.
pub(crate) struct Errand<T> {
    thread: JoinHandle<T>,
    is_done: Arc<AtomicBool>,
}

/// Tells the end of an errand, be it a panic.
struct End(Arc<AtomicBool>, Wake);

impl Drop for End {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
        self.1.up();
    }
}

impl<T: Send + 'static> Errand<T> {
    /// Begins.
    pub(crate) fn begin(wake: &Wake, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let is_done = Arc::new(AtomicBool::new(false));
        let end = End(is_done.clone(), wake.clone());
        let thread = std::thread::spawn(move || {
            let _end = end;
            work()
        });
        Self { thread, is_done }
    }

    /// Whether it ended, well or not.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// What came of it; an error where it panicked.
    pub(crate) fn result(self) -> std::thread::Result<T> {
        self.thread.join()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_window_wakes_when_an_errand_has_ended_be_it_by_a_panic() {
        let (sender, receiver) = mpsc::channel();
        let wake = Wake(Some(Arc::new(move || sender.send(()).unwrap())));
        for is_panic in [false, true] {
            let errand = Errand::begin(&wake, move || assert!(!is_panic, "on purpose"));
            receiver.recv().unwrap();
            assert!(errand.is_done());
            assert_eq!(errand.result().is_err(), is_panic);
        }
    }
}
