//! A table of text: columns as wide as their widest cell, the last one open.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with a heading.
    #[must_use]
    pub fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    /// Adds a row. Control characters of what came from outside lose their power over terminals.
    pub fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.iter().map(|cell| cell.replace(char::is_control, " ")).collect());
    }

    /// Adds the rows of another table with the same heading.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows.into_iter().skip(1));
    }

    /// The heading, and the rows below it.
    #[must_use]
    pub fn parts(&self) -> (&[String], &[Vec<String>]) {
        self.rows.split_first().map_or((&[], &[]), |(heading, rows)| (heading.as_slice(), rows))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                line.push_str(cell);
                if at + 1 < row.len() {
                    line.push_str(&" ".repeat(widths[at] - cell.width() + 2));
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_script() {
        let mut table = Table::new(&["NAME", "N"]);
        table.row(&["口口".to_owned(), "1".to_owned()]);
        table.row(&["a\u{1b}[31m".to_owned(), "22".to_owned()]);
        insta::assert_snapshot!(table, @r"
        NAME    N
        口口    1
        a [31m  22
        ");
    }
}
