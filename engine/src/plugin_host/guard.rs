//! The deadline: a writer runs on a thread of its own, and one that hangs costs that thread and not
//! the drive.
//!
//! Owns threads and limits. Treats linked-in and loaded writers alike, and knows nothing of either.
//! A thread cannot be stopped from outside: one that is lost to a writer stays until the writer
//! returns, drops the writer there, and ends.

use pitland_abi::fence::{Fenced, fenced};
use pitland_writer::{
    ActiveWriter, Event, Failure, Fit, MediaFacts, Refusal, Request, Step, WritePlan, WriterInfo,
    WriterModule,
};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// A writer with a limit on each call.
pub(super) struct Guarded {
    module: Arc<dyn WriterModule>,
    info: WriterInfo,
    limit: Duration,
}

impl Guarded {
    /// Asks the writer who it is, once.
    ///
    /// # Errors
    /// It panicked or hung over that.
    pub(super) fn new(module: Arc<dyn WriterModule>, limit: Duration) -> Result<Self, Failure> {
        let asked = Arc::clone(&module);
        let info = call(limit, move || asked.info())?;
        Ok(Self {
            module,
            info,
            limit,
        })
    }
}

impl WriterModule for Guarded {
    fn info(&self) -> WriterInfo {
        self.info.clone()
    }

    fn assess(&self, facts: &MediaFacts, request: &Request) -> Fit {
        let (module, facts, request) = (Arc::clone(&self.module), facts.clone(), request.clone());
        call(self.limit, move || module.assess(&facts, &request))
            .unwrap_or_else(|failure| Fit::Refuses(Refusal::WriterFault(failure)))
    }

    fn begin(
        &self,
        facts: &MediaFacts,
        request: &Request,
    ) -> Result<(Box<dyn ActiveWriter>, WritePlan), Refusal> {
        let (module, facts, request) = (Arc::clone(&self.module), facts.clone(), request.clone());
        // One event is answered before the next is sent, so one place is enough in each.
        let (begun, beginning) = sync_channel(1);
        let (event, events) = sync_channel::<Event>(1);
        let (answer, answers) = sync_channel(1);
        on_a_thread(move || {
            let writer = match fenced(|| module.begin(&facts, &request)) {
                Ok(Ok((writer, plan))) => {
                    let writer = Fenced::new(writer);
                    if begun.send(Ok(plan)).is_err() {
                        return;
                    }
                    writer
                }
                Ok(Err(refusal)) => return drop(begun.send(Err(refusal))),
                Err(message) => {
                    let fault = Refusal::WriterFault(Failure::Panicked { message });
                    return drop(begun.send(Err(fault)));
                }
            };
            serve(writer, &events, &answer);
        })
        .map_err(Refusal::WriterFault)?;
        let plan = wait(&beginning, self.limit).map_err(Refusal::WriterFault)??;
        Ok((
            Box::new(GuardedWriter {
                event: Ok(event),
                answers,
                limit: self.limit,
            }),
            plan,
        ))
    }
}

fn serve(
    mut writer: Fenced<Box<dyn ActiveWriter>>,
    events: &Receiver<Event>,
    answer: &SyncSender<Step>,
) {
    while let Ok(event) = events.recv() {
        let step = writer
            .call(|writer| writer.next(event))
            .unwrap_or_else(|message| Step::Failed(Failure::Panicked { message }));
        if answer.send(step).is_err() {
            return;
        }
    }
}

/// A writer at work on its thread.
struct GuardedWriter {
    /// To the thread; or why it is not asked again.
    event: Result<SyncSender<Event>, Failure>,
    answers: Receiver<Step>,
    limit: Duration,
}

impl ActiveWriter for GuardedWriter {
    fn next(&mut self, event: Event) -> Step {
        let answer = match &self.event {
            Err(failure) => Err(failure.clone()),
            Ok(sender) => sender
                .send(event)
                .map_err(|_| lost())
                .and_then(|()| wait(&self.answers, self.limit)),
        };
        answer.unwrap_or_else(|failure| {
            // A late answer would answer a later event: the thread is given up.
            self.event = Err(failure.clone());
            Step::Failed(failure)
        })
    }
}

/// Runs code on a thread of its own, and gives it up after `limit`.
pub(super) fn call<T: Send + 'static>(
    limit: Duration,
    code: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (answer, answers) = sync_channel(1);
    on_a_thread(move || {
        // Nobody may be there any more to hear it.
        let _ = answer.send(fenced(code));
    })?;
    wait(&answers, limit)?.map_err(|message| Failure::Panicked { message })
}

fn on_a_thread(code: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    thread::Builder::new()
        .name("pitland-writer".to_owned())
        .spawn(code)
        .map(drop)
        .map_err(|error| Failure::Panicked {
            message: format!("no thread for it: {error}"),
        })
}

fn wait<T>(answers: &Receiver<T>, limit: Duration) -> Result<T, Failure> {
    answers.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => Failure::Hung { limit },
        RecvTimeoutError::Disconnected => lost(),
    })
}

/// Its thread ended without an answer, which the fence does not let a panic do.
fn lost() -> Failure {
    Failure::Panicked {
        message: "its thread ended without an answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_writer::mmc::{Lba, Profile};
    use pitland_writer::{BurnRequest, MediaWriter, Service, module_of};
    use std::sync::mpsc;

    /// Hangs or panics when the size that is asked for says so.
    struct Moody(u64);

    const GOOD: u64 = 0;
    const HANGS_IN_ASSESS: u64 = 1;
    const HANGS_IN_BEGIN: u64 = 2;
    const HANGS_IN_NEXT: u64 = 3;
    const PANICS_IN_NEXT: u64 = 4;
    const PANICS_IN_BEGIN: u64 = 5;
    const HANGS_IN_DROP: u64 = 6;

    /// Never returns, without spinning.
    fn hang() -> ! {
        loop {
            thread::park();
        }
    }

    fn mood(request: &Request) -> u64 {
        match request {
            Request::Burn(burn) => burn.blocks,
            _ => GOOD,
        }
    }

    impl MediaWriter for Moody {
        fn info() -> WriterInfo {
            WriterInfo::new("moody", "for tests", vec![Profile::BdRe])
        }
        fn assess(_: &MediaFacts, request: &Request) -> Fit {
            if mood(request) == HANGS_IN_ASSESS {
                hang();
            }
            Fit::Serves(Service::new(Lba(0), 1, 1))
        }
        fn begin(_: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
            match mood(request) {
                HANGS_IN_BEGIN => hang(),
                PANICS_IN_BEGIN => panic!("begin"),
                mood => Ok((Self(mood), WritePlan::default())),
            }
        }
        fn next(&mut self, _: Event) -> Step {
            match self.0 {
                HANGS_IN_NEXT => hang(),
                PANICS_IN_NEXT => panic!("next"),
                _ => Step::Identify,
            }
        }
    }

    impl Drop for Moody {
        fn drop(&mut self) {
            if self.0 == HANGS_IN_DROP {
                hang();
            }
        }
    }

    /// Long for a healthy writer's sake, short where the test waits for a hanging one.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    fn guarded(limit: Duration) -> Guarded {
        Guarded {
            module: Arc::from(module_of::<Moody>()),
            info: WriterInfo::new("moody", "", vec![]),
            limit,
        }
    }

    fn facts() -> MediaFacts {
        MediaFacts::from_answers(Vec::new())
    }

    fn burn(mood: u64) -> Request {
        Request::Burn(BurnRequest::new(mood))
    }

    #[test]
    fn a_good_writer_answers_as_if_it_were_not_guarded() {
        let guarded = Guarded::new(Arc::from(module_of::<Moody>()), LONG).unwrap();
        assert_eq!(guarded.info().name, "moody");
        assert!(matches!(
            guarded.assess(&facts(), &burn(GOOD)),
            Fit::Serves(_)
        ));
        let (mut writer, plan) = guarded.begin(&facts(), &burn(GOOD)).unwrap();
        assert_eq!(plan, WritePlan::default());
        for _ in 0..3 {
            assert_eq!(writer.next(Event::Begin), Step::Identify);
        }
    }

    #[test]
    fn a_writer_that_hangs_costs_its_thread_and_is_not_called_again() {
        let hung = Failure::Hung { limit: SHORT };
        assert_eq!(
            guarded(SHORT).assess(&facts(), &burn(HANGS_IN_ASSESS)),
            Fit::Refuses(Refusal::WriterFault(hung.clone()))
        );
        assert_eq!(
            guarded(SHORT).begin(&facts(), &burn(HANGS_IN_BEGIN)).err(),
            Some(Refusal::WriterFault(hung))
        );
        let mut writer = hanging_job(SHORT);
        let failed = Step::Failed(Failure::Hung { limit: SHORT });
        assert_eq!(writer.next(Event::Begin), failed);
        assert_eq!(writer.next(Event::Begin), failed);
    }

    /// A job that has begun, so that no limit was too short for that.
    fn hanging_job(limit: Duration) -> GuardedWriter {
        let (event, events) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        on_a_thread(move || {
            serve(
                Fenced::new(Box::new(Moody(HANGS_IN_NEXT))),
                &events,
                &answer,
            )
        })
        .unwrap();
        GuardedWriter {
            event: Ok(event),
            answers,
            limit,
        }
    }

    #[test]
    fn a_panic_of_a_linked_in_writer_is_a_failure_too() {
        let guarded = guarded(LONG);
        let Err(Refusal::WriterFault(Failure::Panicked { message })) =
            guarded.begin(&facts(), &burn(PANICS_IN_BEGIN))
        else {
            panic!("no fault");
        };
        assert!(message.starts_with("begin at "), "{message}");
        let (mut writer, _) = guarded.begin(&facts(), &burn(PANICS_IN_NEXT)).unwrap();
        let first = writer.next(Event::Begin);
        assert!(matches!(first, Step::Failed(Failure::Panicked { .. })));
        assert_eq!(writer.next(Event::Begin), first);
    }

    #[test]
    fn a_writer_that_hangs_when_it_is_dropped_holds_nobody_up() {
        let (mut writer, _) = guarded(LONG).begin(&facts(), &burn(HANGS_IN_DROP)).unwrap();
        assert_eq!(writer.next(Event::Begin), Step::Identify);
        let (done, dropped) = mpsc::channel();
        thread::spawn(move || {
            drop(writer);
            done.send(()).unwrap();
        });
        dropped.recv_timeout(LONG).unwrap();
    }
}
