//! The daemon's tasks: started in one place, told to stop together, joined before a deadline.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::Id;
use tokio::task::JoinError;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long tasks get to end. The unit's `TimeoutStopSec` is longer, so that a late one is named.
const GRACE: Duration = Duration::from_millis(4_500);

/// Why a crew ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum CrewError {
    /// A task ended by itself; the service manager starts the daemon again.
    #[error("the task `{0}` ended by itself")]
    Ended(String),
    /// A task panicked.
    #[error("the task `{0}` failed: {1}")]
    Panicked(String, String),
    /// Tasks that did not stop in time were cut off.
    #[error("still busy {GRACE:?} after the stop: {tasks}")]
    Stuck {
        /// Who.
        tasks: String,
    },
}

/// Tasks that live and end together.
pub struct Crew {
    tasks: JoinSet<()>,
    names: HashMap<Id, String>,
    stop: CancellationToken,
}

impl Crew {
    /// A crew that stops when `stop` is cancelled.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), names: HashMap::new(), stop }
    }

    /// What tasks watch for.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task. It must end soon after [`Crew::stop`] is cancelled, and never before.
    pub fn start(&mut self, name: impl Into<String>, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.names.insert(id, name.into());
    }

    /// Waits until the crew is told to stop or a task ends, then joins all of them.
    ///
    /// # Errors
    ///
    /// [`CrewError`] names the task that ended, failed or got stuck.
    pub async fn join(mut self) -> Result<(), CrewError> {
        let mut outcome = tokio::select! {
            biased;
            () = self.stop.cancelled() => Ok(()),
            Some(ended) = self.tasks.join_next_with_id() => Err(self.note(ended, true).unwrap_or_else(|| CrewError::Ended("?".to_owned()))),
        };
        self.stop.cancel();
        let drained = timeout(GRACE, async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                if let Some(failure) = self.note(ended, false)
                    && outcome.is_ok()
                {
                    outcome = Err(failure);
                }
            }
        })
        .await;
        if drained.is_err() {
            let mut late: Vec<String> = self.names.values().cloned().collect();
            late.sort_unstable();
            self.tasks.shutdown().await;
            return outcome.and(Err(CrewError::Stuck { tasks: late.join(", ") }));
        }
        outcome
    }

    /// Strikes a task off. What comes back is worth telling.
    fn note(&mut self, ended: Result<(Id, ()), JoinError>, too_early: bool) -> Option<CrewError> {
        match ended {
            Ok((id, ())) => {
                let name = self.names.remove(&id).unwrap_or_default();
                too_early.then_some(CrewError::Ended(name))
            }
            Err(error) => {
                let name = self.names.remove(&error.id()).unwrap_or_default();
                Some(CrewError::Panicked(name, error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_by_itself_stops_the_others_and_is_named() {
        let mut crew = Crew::new(CancellationToken::new());
        let stop = crew.stop();
        crew.start("patient", async move { stop.cancelled().await });
        crew.start("hasty", async {});
        assert_eq!(crew.join().await.unwrap_err().to_string(), "the task `hasty` ended by itself");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_stop_is_cut_off_and_named() {
        let mut crew = Crew::new(CancellationToken::new());
        crew.start("deaf", std::future::pending());
        crew.stop().cancel();
        assert!(crew.join().await.unwrap_err().to_string().contains("deaf"));
    }
}
