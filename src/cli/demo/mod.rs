//! `leadwright demo`: the whole product on a temporary database, playing its main story over real HTTP.
//!
//! Nothing is needed and nothing is left behind: the server runs in this process with its twins, a worker and a random
//! operator key, and reads no configuration of the machine. [`mod@play`] is the story, which a test plays as well.

mod cast;
mod client;
mod conversation;
mod doors;
mod first_lead;
mod onboarding;
mod play;
mod quota;
mod server;
mod story;
mod table;

pub use play::{QuotaSummary, Step, StepFailed, Summary, play};

/// What the command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// End after the story: with 0 when every step held, else with 1
    #[arg(long)]
    exit: bool,
    /// Play on this database instead of a temporary SQLite file (postgres://… or sqlite://…); what is there stays
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where to listen on 127.0.0.1; 0 finds a free port
    #[arg(long, default_value_t = 0)]
    port: u16,
}

pub(super) async fn run(args: DemoArgs) -> super::Outcome {
    let server = server::Server::start(args.database_url, args.port).await?;
    let address = server.address().to_string();
    println!("Leadwright plays its story on {} at {address}", server.engine());
    let mut chapter = "";
    let mut tell = |step: &Step| println!("{}", table::line(step, &mut chapter));
    let played = play(&address, server.operator_key(), &mut tell).await;
    if let Ok(summary) = &played {
        println!("{}", table::table(summary));
        if !args.exit {
            println!("\n  Swagger UI    {address}/docs  (Authorize with the API key or the log-in's access_token)");
            println!("  API key       {}", summary.api_key);
            println!("  Log-in        {} / {}", summary.email, summary.password);
            println!("  Operator key  {}", server.operator_key());
            println!("  Twins         {address}/sandbox/outbox\n\nServing until Ctrl-C.");
            crate::app::signal::wait_for_signal().await;
        }
    }
    server.stop().await?;
    played?;
    Ok(())
}
