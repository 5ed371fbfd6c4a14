//! The `leadwright` command; see `leadwright --help`.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match leadwright::cli::run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // Whoever runs the command may read the cause, which no caller of the API ever sees.
            let cause = error.downcast_ref::<leadwright::base::Error>().map(leadwright::base::Error::chain);
            eprintln!("leadwright: {}", cause.unwrap_or_else(|| error.to_string()));
            std::process::ExitCode::FAILURE
        }
    }
}
