//! The program `pitland`. Wires the command line, the output, the log and the runtime together; what is
//! done is in `commands`, and all of it through the public API of the library.

mod args;
mod commands;
mod ending;
mod error;
mod exit;
mod interrupt;
mod log;
mod open;
mod output;
mod sink;
mod source;
mod stand_in;
mod values;

use crate::args::Cli;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::Output;
use clap::Parser;
use pitland::codes::Code;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(wrong_command_line(&error).status()),
    };
    let output = Arc::new(Output::new(
        cli.json,
        cli.command.data_on_stdout(),
        cli.verbose > 0,
    ));
    log::start(cli.verbose);
    let changes = cli.command.may_change_a_disc();
    let exit = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let exit = runtime.block_on(commands::run(cli.command, &output));
            // A read from a terminal cannot be ended; it must not hold the program.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            let complaint = Complaint::internal(format!("the runtime cannot be started: {error}"));
            output.event(&complaint.view());
            complaint.exit()
        }
    };
    let exit = match output.broken(changes) {
        Some(complaint) if exit == Exit::Done => {
            output.lament(&complaint.view());
            complaint.exit()
        }
        _ => exit,
    };
    ExitCode::from(exit.status())
}

/// Help and version are no errors; the rest is told as JSON where JSON was asked for.
fn wrong_command_line(error: &clap::Error) -> Exit {
    let json = std::env::args_os()
        .skip(1)
        .take_while(|arg| arg != "--")
        .any(|arg| arg == "--json");
    if error.use_stderr() && json {
        let cause = cause(&error.render().to_string());
        let without_drive = error.kind() == clap::error::ErrorKind::MissingRequiredArgument
            && cause.contains("<DRIVE>");
        let mut complaint = Complaint::usage(cause);
        if without_drive {
            complaint = complaint.coded(Code::RequestNoDrive);
        }
        Output::new(true, false, false).event(&complaint.view());
        return complaint.exit();
    }
    if error.use_stderr() {
        // It quotes what was typed, and that may hold anything.
        for line in error.render().to_string().lines() {
            eprintln!("{}", output::escape::text(line));
        }
        Exit::Usage
    } else {
        // Nobody is left to be told that the terminal is gone.
        let _ = error.print();
        Exit::Done
    }
}

/// What is wrong, in one line, of a text that goes on with tips and how the command is used.
fn cause(text: &str) -> String {
    let told = text.lines().take_while(|line| !line.trim().is_empty());
    let words: Vec<&str> = told.map(str::trim).collect();
    let words = words.join(" ");
    words.strip_prefix("error: ").unwrap_or(&words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_a_wrong_command_line_is_told_as_a_whole() {
        let text =
            "error: these are missing:\n  <SOURCE>...\n  --drive <DRIVE>\n\nUsage: pitland\n";
        assert_eq!(
            cause(text),
            "these are missing: <SOURCE>... --drive <DRIVE>"
        );
    }
}
