//! Log lines, gathered and written together: under load a line of its own for each request costs as much as the request's JSON.
//!
//! A line waits for a twentieth of a second at most; a warning or an error waits for nothing and takes along what was before it.
//! When nobody takes the log for so long that [`MOST`] bytes wait, the newest lines are lost, not the work.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

const PAUSE: Duration = Duration::from_millis(50);
const MOST: usize = 16 * 1024 * 1024;

/// The lines on their way to standard error; cheap to clone. Dropping the last one writes what waits.
#[derive(Clone)]
pub(super) struct Lines(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    text: Mutex<Vec<u8>>,
    /// Held while writing, so that lines keep their order.
    out: Mutex<()>,
}

impl Lines {
    pub fn start() -> Self {
        let waiting = Arc::new(Waiting::default());
        let weak = Arc::downgrade(&waiting);
        let write = move || {
            while let Some(waiting) = weak.upgrade() {
                waiting.flush();
                drop(waiting);
                std::thread::park_timeout(PAUSE);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("log".into()).spawn(write) {
            eprintln!("the log has no thread and is written late: {error}");
        }
        Self(waiting)
    }

    pub fn flush(&self) {
        self.0.flush();
    }
}

impl Waiting {
    fn flush(&self) {
        let _out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let text = std::mem::take(&mut *self.text.lock().unwrap_or_else(PoisonError::into_inner));
        // A log that cannot be written, because its disk is full or its reader is gone, must not stop the work.
        let _ = std::io::stderr().write_all(&text);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.flush();
    }
}

/// The writer of one line.
pub(super) struct Line<'a> {
    lines: &'a Lines,
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, is_urgent: false }
    }
    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, is_urgent: *meta.level() <= Level::WARN }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut text = self.lines.0.text.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() + line.len() <= MOST {
            text.extend_from_slice(line);
        }
        Ok(line.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.is_urgent {
            self.lines.flush();
        }
    }
}
