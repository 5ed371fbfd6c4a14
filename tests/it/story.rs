//! The story of the product, end to end, as the demo plays it: over HTTP, with a running clock and a working worker.

use leadwright::cli::demo::{Step, play};
use tokio::sync::watch;

use crate::both_engines;
use crate::support::OPERATOR_KEY;

both_engines! {
    async fn every_step_holds(app: TestApp) {
        let app = TestApp::start_live(app.engine).await;
        let (stop, stopping) = watch::channel(false);
        let worker = tokio::spawn(app.worker().run(stopping));
        let mut told = Vec::new();
        let summary = play(&app.url, OPERATOR_KEY, &mut |step: &Step| told.push(format!("{step:?}"))).await;
        stop.send(true).expect("the worker listens");
        app.app.core.db.wake().notify();
        worker.await.expect("the worker stops");
        match summary {
            Ok(_) => assert!(told.len() >= 35, "{} steps", told.len()),
            Err(failed) => panic!("{failed}\nafter\n{}", told.join("\n")),
        }
    }
}
