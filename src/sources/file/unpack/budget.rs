//! How much may come out of a packed file, all its parts together.

use std::cell::Cell;
use std::io;
use std::io::Write;

use crate::sources::ReadError;
use crate::sources::file::unpack::Store;
use crate::sources::file::unpack::UnpackError;

/// Above so many bytes it matters how many times larger than packed they are.
const SMALL: u64 = 32 * 1024 * 1024;

/// Text is packed to a tenth, a column of equal values to a hundredth; only what is made to burst
/// comes near the thousandth that the method can do.
const TIMES: u64 = 300;

/// What is left.
pub(super) struct Budget {
    used: Cell<u64>,
    most: u64,
    packed: u64,
    /// What was asked for beyond it.
    spent: Cell<Option<Spent>>,
}

/// Why nothing more may come out.
#[derive(Debug, Clone, Copy)]
enum Spent {
    Limit,
    Bomb,
}

impl Budget {
    /// A budget of `most` bytes for a file of `packed` bytes.
    pub(super) fn new(most: u64, packed: u64) -> Self {
        Self { used: Cell::new(0), most, packed, spent: Cell::new(None) }
    }

    /// Takes so many bytes out; an error where they are not there.
    pub(super) fn take(&self, bytes: u64) -> io::Result<()> {
        let used = self.used.get().saturating_add(bytes);
        if used > self.most {
            self.spent.set(Some(Spent::Limit));
        } else if used > SMALL && used / TIMES > self.packed {
            self.spent.set(Some(Spent::Bomb));
        } else {
            self.used.set(used);
            return Ok(());
        }
        Err(io::Error::other("the budget is spent"))
    }

    /// Why it is spent, if it is.
    pub(super) fn error(&self) -> Option<UnpackError> {
        let error = match self.spent.get()? {
            Spent::Limit => ReadError::new(
                format!("it unpacks to more than {} MB, which is `max_unpacked`", self.most / 1_000_000),
                "split it, or raise `max_unpacked` of the source",
            ),
            Spent::Bomb => ReadError::new(
                format!("a zip bomb: it unpacks to more than {TIMES} times its size"),
                "ask who made it; nothing of it was read",
            ),
        };
        Some(error.into())
    }
}

/// Writes within a budget.
pub(super) struct Counted<'a, W: Write> {
    to: io::BufWriter<W>,
    budget: &'a Budget,
    written: u64,
}

impl<'a, W: Store> Counted<'a, W> {
    pub(super) fn new(to: W, budget: &'a Budget) -> Self {
        Self { to: io::BufWriter::with_capacity(64 * 1024, to), budget, written: 0 }
    }

    /// What an error of a write means.
    pub(super) fn why(&self, error: io::Error) -> UnpackError {
        self.budget.error().unwrap_or(UnpackError::Disk(error))
    }

    /// What was written to, and how much.
    pub(super) fn finish(self) -> io::Result<(W, u64)> {
        let written = self.written;
        let to = self.to.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((to, written))
    }
}

impl<W: Store> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.budget.take(bytes.len() as u64)?;
        self.to.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
