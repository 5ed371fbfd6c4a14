//! The `leadwright` command; see `leadwright --help`.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match leadwright::cli::run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leadwright: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
