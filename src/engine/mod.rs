//! The daemon: its tasks, their clock and their order. The only place where adapters meet.
