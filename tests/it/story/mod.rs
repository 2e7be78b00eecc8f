//! Stories of the real binary: what people do with it, from outside.

mod backtest;
mod config;
mod drivers;
mod each;
mod feed;
mod health;
mod heartbeat;
mod labels;
mod late;
mod life;
mod links;
mod manual;
mod measures;
mod models;
mod outbox;
mod people;
mod privacy;
mod pushed;
mod replay;
mod retag;
mod routes;
mod secrets;
mod slow;
mod sources_by_hand;
mod survey;
