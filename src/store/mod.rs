//! Where everything is kept. `sqlite` is one file and one writer; PostgreSQL joins under the same
//! contract later.

pub mod sqlite;
