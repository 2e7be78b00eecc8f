//! `[[theme]]`, in the configuration and in theme files.

use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::text::Line;
use crate::config::kind::text::Text;
use crate::config::kind::text::Word;
use crate::domain::theme::Scope;

table! {
    /// What people complain about, told by rules; one table for each theme. One with the name of a
    /// built-in theme replaces it.
    Theme "[[theme]]" {
        /// Its name, in watches and tags.
        name: Word, required = "split_payments";
        /// For people, to follow "31 complaints about"; the name with spaces without it.
        title: Line, optional = "split payments";
        /// Choices of words that the rules of this theme may use as `@name`.
        words: Map, default = {}, such_as = { pay = "pay* | charge*" };
        /// Rules; a text that one of them matches has the theme.
        rules: List<Text>, default = [], such_as = ["(split | part) NEAR/3 pay*"];
        /// Rules with more to say than one line.
        rule: Rule, list = [];
        /// Texts that must get the theme; `uproar check` tries them.
        matches: List<Text>, default = [], such_as = ["paid in parts and was charged twice"];
        /// Texts that must not get it.
        matches_not: List<Text>, default = [], such_as = ["we share the cost"];
    }
}

table! {
    /// One rule of the theme above.
    Rule "[[theme.rule]]" {
        /// Shown by `uproar explain`; the number of the rule without it.
        name: Line, optional = "charged twice";
        /// What must be there.
        when: Text, required = "(split | part) NEAR/3 pay*";
        /// What must not be there.
        unless: Text, optional = "refund*";
        /// How far one match may reach: "sentence", "pair" (two sentences) or "text".
        scope: Choice<Scope>, default = "sentence";
        /// Texts that must match this rule.
        matches: List<Text>, default = [], such_as = ["paid in parts and was charged twice"];
        /// Texts that must not match it.
        matches_not: List<Text>, default = [], such_as = ["we share the cost"];
    }
}

table! {
    /// A file of themes.
    ThemeFile "" {
        /// Choices of words for the rules of all themes in the file.
        words: Map, default = {}, such_as = { pay = "pay* | charge*" };
        /// The themes.
        theme: Theme, list = [];
    }
}
