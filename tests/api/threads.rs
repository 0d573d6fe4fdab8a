//! What a service with many clients needs of the types: they go to other tasks and threads, and their
//! futures with them.

use pitland::*;

fn is_send<T: Send + 'static>() {}
fn is_shared<T: Send + Sync + 'static>() {}
fn future_is_send<F: Future + Send + 'static>(_: F) {}

#[test]
fn handles_jobs_and_reports_may_go_to_other_threads() {
    is_shared::<Engine>();
    is_shared::<DriveHandle>();
    is_shared::<DriveLease>();
    is_shared::<DriveReader>();
    is_shared::<Canceller>();
    is_send::<EngineBuilder>();
    is_send::<Job>();
    is_send::<Image>();
    is_send::<Box<dyn ImageSource>>();
    is_send::<Box<dyn Transport>>();
    is_shared::<JobEvent>();
    is_shared::<JobProgress>();
    is_shared::<BurnOptions>();
    is_shared::<MasterOptions>();
    is_shared::<BurnPlan>();
    is_shared::<BurnReport>();
    is_shared::<DriveStatus>();
    is_shared::<MediumInfo>();
    is_shared::<DriveAddress>();
    is_send::<TreeReport>();
}

#[test]
fn errors_may_go_to_other_threads_and_are_errors() {
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<BurnError>();
    is_error::<EngineError>();
    is_error::<LeaseDenied>();
    is_error::<QueryError>();
    is_error::<SourceError>();
    is_error::<TreeError>();
    is_error::<Refusal>();
    is_error::<Fault>();
    is_error::<transport::TransportError>();
}

/// Never called: that it compiles is the test. A task may hold each of these futures.
#[allow(dead_code, reason = "that it compiles is the test")]
fn futures_may_be_spawned(
    engine: Engine,
    drive: DriveHandle,
    lease: DriveLease,
    job: Job,
    image: Image,
) {
    let (d, l) = (drive.clone(), lease.clone());
    future_is_send(async move { d.lease("a client").await });
    let d = drive.clone();
    future_is_send(async move { d.status().await });
    let d = drive.clone();
    future_is_send(async move { d.medium().await });
    let d = drive.clone();
    future_is_send(async move {
        d.read(ReadOptions::default())
            .await
            .map(|reading| reading.blocks)
    });
    let d = drive.clone();
    future_is_send(async move { d.verify_tree(Vec::new(), MasterOptions::default()).await });
    future_is_send(async move { drive.eject().await });
    future_is_send(async move { l.plan(BurnOptions::default(), image).await });
    future_is_send(async move { lease.load().await });
    future_is_send(job.report());
    future_is_send(engine.shutdown(std::time::Duration::ZERO));
}
