//! The command line: one module a command.
//!
//! A command parses its arguments, asks the layers below, prints results on standard output and
//! everything else on standard error, and leaves with a code from [`exit`].

use std::io;
use std::io::IsTerminal as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

use crate::cli::exit::Failure;
use crate::host;

pub mod annotate;
pub mod backtest;
pub mod check;
pub mod config;
pub mod detect;
pub mod exit;
pub mod explain;
pub mod export;
mod former;
pub mod import;
pub mod incident;
pub mod init;
pub mod label;
pub mod load;
mod missed;
pub mod names;
mod next_poll;
pub mod open;
pub mod outbox;
pub mod preview;
mod progress;
pub mod quality;
pub mod route;
pub mod run;
pub mod silence;
pub mod source;
pub mod status;
pub mod table;
pub mod tag;
pub mod target;
pub mod times;
pub mod train;

/// Hears in public reviews, feeds and surveys when customers start to suffer.
#[derive(Debug, Parser)]
#[command(name = "uproar", version, max_term_width = 80)]
pub struct Cli {
    /// Configuration file; `conf.d/*.toml` beside it is read too
    #[arg(long, global = true, value_name = "FILE", env = "UPROAR_CONFIG", default_value = "/etc/uproar/uproar.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Run(run::Args),
    Check(check::Args),
    Preview(preview::Args),
    Tag(tag::Args),
    Detect(detect::Args),
    Backtest(backtest::Args),
    Import(import::Args),
    Export(export::Args),
    Status(status::Args),
    Source(source::Args),
    Incident(incident::Args),
    Silence(silence::Args),
    Route(route::Args),
    Explain(explain::Args),
    Annotate(annotate::Args),
    Label(label::Args),
    Quality(quality::Args),
    Train(train::Args),
    Target(target::Args),
    Outbox(outbox::Args),
    Config(config::Args),
}

/// What every command gets: where the configuration is, and where to print.
pub struct Console {
    /// The file that `--config` names.
    pub config: PathBuf,
    /// Results.
    pub out: Box<dyn Write>,
    /// Everything else.
    pub err: Box<dyn Write>,
    /// Whether standard output is a terminal that wants colours.
    pub colours: bool,
}

/// Parses the arguments, runs the command and says how to leave.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.command, Command::Run(_)) {
        host::memory::keep_little();
    }
    let mut console = Console {
        config: cli.config,
        out: Box::new(io::BufWriter::new(io::stdout())),
        err: Box::new(io::stderr()),
        colours: io::stdout().is_terminal() && !host::env::is_set("NO_COLOR"),
    };
    let ended = match cli.command {
        Command::Init(args) => init::run(&args, &mut console),
        Command::Run(args) => run::run(&args, &mut console),
        Command::Check(args) => check::run(&args, &mut console),
        Command::Preview(args) => preview::run(&args, &mut console),
        Command::Tag(args) => tag::run(&args, &mut console),
        Command::Detect(args) => detect::run(&args, &mut console),
        Command::Backtest(args) => backtest::run(&args, &mut console),
        Command::Import(args) => import::run(&args, &mut console),
        Command::Export(args) => export::run(&args, &mut console),
        Command::Status(args) => status::run(&args, &mut console),
        Command::Source(args) => source::run(&args, &mut console),
        Command::Incident(args) => incident::run(&args, &mut console),
        Command::Silence(args) => silence::run(&args, &mut console),
        Command::Route(args) => route::run(&args, &mut console),
        Command::Explain(args) => explain::run(&args, &mut console),
        Command::Annotate(args) => annotate::run(&args, &mut console),
        Command::Label(args) => label::run(&args, &mut console),
        Command::Quality(args) => quality::run(&args, &mut console),
        Command::Train(args) => train::run(&args, &mut console),
        Command::Target(args) => target::run(&args, &mut console),
        Command::Outbox(args) => outbox::run(&args, &mut console),
        Command::Config(args) => config::run(&args, &mut console),
    };
    let ended = ended.and_then(|code| console.out.flush().map(|()| code).map_err(Failure::from));
    let code = ended.unwrap_or_else(|failure| {
        if !failure.message.is_empty() {
            // Standard error that is gone leaves only the code to tell.
            let _ = writeln!(console.err, "uproar: {}", failure.message);
        }
        failure.code
    });
    ExitCode::from(code as u8)
}
