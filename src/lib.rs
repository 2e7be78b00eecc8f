//! What customers suffer from, heard early. The map of the house:
#![doc = include_str!("ARCHITECTURE.md")]

pub mod domain;

pub mod calendar;
pub mod text;

pub mod counting;
pub mod detect;
pub mod incident;
pub mod polling;
pub mod quality;
pub mod render;
pub mod schedule;
pub mod sources;
pub mod tagging;

pub mod config;

pub mod deliver;
pub mod fetch;
pub mod host;
pub mod store;
pub mod web;

pub mod engine;

pub mod cli;
