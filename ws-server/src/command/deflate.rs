//! The arguments for compression.

use clap::builder::RangedU64ValueParser;
use ws_server::Builder;
use ws_server::extension::{Context, Deflate};

/// How messages are compressed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compression")]
pub(super) struct DeflateArgs {
    /// Compress messages for clients that offer it (permessage-deflate, x-webkit-deflate-frame).
    /// Do not use it where messages mix secrets with text that an attacker can choose (CRIME)
    #[arg(long)]
    deflate: bool,

    /// The compression level, from 1 (fastest) to 9 (smallest)
    #[arg(long, value_name = "LEVEL", requires = "deflate", default_value = "4",
          value_parser = RangedU64ValueParser::<u8>::new().range(1..=9))]
    deflate_level: u8,

    /// Send messages of fewer bytes uncompressed
    #[arg(long, value_name = "BYTES", requires = "deflate", default_value = "128")]
    deflate_min_size: usize,

    /// The window size of the server's messages (server_max_window_bits), as a power of two from 8
    /// to 15
    #[arg(long, value_name = "BITS", requires = "deflate", default_value = "12",
          value_parser = RangedU64ValueParser::<u8>::new().range(8..=15))]
    deflate_server_window: u8,

    /// The window size of the clients' messages (client_max_window_bits), where the client offers
    /// to set it, as a power of two from 8 to 15
    #[arg(long, value_name = "BITS", requires = "deflate", default_value = "12",
          value_parser = RangedU64ValueParser::<u8>::new().range(8..=15))]
    deflate_client_window: u8,

    /// Whose messages may refer to earlier ones (context takeover): compresses better, but costs
    /// memory between messages
    #[arg(long, value_name = "WHO", requires = "deflate", default_value = "both")]
    deflate_takeover: Takeover,

    /// How much memory context takeover may use for all connections together, in bytes; further
    /// connections go without
    #[arg(long, value_name = "BYTES", requires = "deflate", default_value = "134217728")]
    deflate_memory: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Takeover {
    Both,
    Server,
    Client,
    None,
}

impl Takeover {
    fn context(self, side: Takeover) -> Context {
        if self == side || self == Takeover::Both { Context::TakeOver } else { Context::PerMessage }
    }
}

impl DeflateArgs {
    /// Applies the arguments.
    pub(super) fn apply(&self, builder: Builder) -> Builder {
        if !self.deflate {
            return builder;
        }
        let deflate = Deflate::new()
            .level(self.deflate_level)
            .min_size(self.deflate_min_size)
            .server_window_bits(self.deflate_server_window)
            .client_window_bits(self.deflate_client_window)
            .server_context(self.deflate_takeover.context(Takeover::Server))
            .client_context(self.deflate_takeover.context(Takeover::Client))
            .memory(self.deflate_memory);
        builder.extension(deflate)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        deflate: DeflateArgs,
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let args = Command::try_parse_from(["x", "--deflate"]).unwrap().deflate;
        let asked = format!("{:?}", args.apply(Builder::default()));
        let library = format!("{:?}", Builder::default().extension(Deflate::new()));
        assert_eq!(asked, library);
    }

    #[test]
    fn nothing_is_compressed_unless_it_is_asked_for() {
        let args = Command::try_parse_from(["x"]).unwrap().deflate;
        assert_eq!(
            format!("{:?}", args.apply(Builder::default())),
            format!("{:?}", Builder::default())
        );
        assert!(Command::try_parse_from(["x", "--deflate-level", "1"]).is_err());
    }

    #[test]
    fn refuses_levels_and_windows_that_there_are_not() {
        for (name, value) in [
            ("--deflate-level", "0"),
            ("--deflate-level", "10"),
            ("--deflate-server-window", "7"),
            ("--deflate-client-window", "16"),
            ("--deflate-takeover", "all"),
        ] {
            assert!(Command::try_parse_from(["x", "--deflate", name, value]).is_err(), "{value}");
        }
    }
}
