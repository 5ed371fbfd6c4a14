//! `leadwright doctor`: what works, what is missing, what to do.

use crate::app::App;
use crate::base::time::Clock;
use crate::config::Config;
use crate::engine::db::migrate;

pub(super) async fn run(config: Config) -> super::Outcome {
    println!("configuration   ok");
    println!("public URL      {}", config.public_url);
    let app = App::build(config, Clock::system())?;
    let engine = app.core.db.engine().name();
    let mut healthy = true;
    match app.core.db.ping().await {
        Ok(()) => match app.core.db.with_connection(migrate::is_pending).await {
            Ok(false) => println!("database        ok ({engine})"),
            Ok(true) => {
                println!("database        reachable ({engine}), older than this version: run leadwright migrate")
            }
            Err(error) => {
                healthy = false;
                println!("database        {engine}: {}", error.chain());
            }
        },
        Err(error) => {
            healthy = false;
            println!("database        {engine} cannot be reached: {}", error.chain());
        }
    }
    for connection in app.providers.connections() {
        println!("{:<15} {}: {}", connection.name, connection.state, connection.detail);
    }
    if healthy { Ok(()) } else { Err("the database cannot be used".into()) }
}
