//! `[[theme]]`, in the configuration and in theme files.

use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::number::Positive;
use crate::config::kind::number::Whole;
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
        when: Text, optional = "(split | part) NEAR/3 pay*";
        /// What must be there too: each of these.
        all: List<Text>, default = [], such_as = ["refund*", "week*"];
        /// One of these must be there.
        any: List<Text>, default = [], such_as = ["never", "still NEAR/3 wait*"];
        /// What must not be there.
        unless: Text, optional = "refund*";
        /// What must not be there either: none of these.
        none: List<Text>, default = [], such_as = ["in time", "at once"];
        /// Themes that the message must have by other rules. Without words beside it, having them is
        /// enough.
        when_themes: List<Word>, default = [], such_as = ["repeat_contact", "refund_failed"];
        /// Languages of the messages that the rule is for: two letters each. All without it.
        lang: List<Word>, default = [], such_as = ["de", "nl"];
        /// Sources of the messages that the rule is for. All without it.
        source: List<Word>, default = [], such_as = ["app-store"];
        /// Only for messages that rate this or less, in stars of five.
        rating_at_most: Positive, optional = 2;
        /// Only for messages that rate this or more, in stars of five.
        rating_at_least: Positive, optional = 1;
        /// How far one match may reach: "sentence", "pair" (two sentences), "text" or "title".
        scope: Choice<Scope>, default = "sentence";
        /// In how many different sentences (or pairs) of the message it must match.
        times: Whole<1, 20>, default = 1;
        /// Whether it matches in a clause that says that all is well too: "no problem with ...".
        even_calm: bool, default = false;
        /// Whether it matches in what the writer quotes too.
        even_quoted: bool, default = false;
        /// Texts that must match this rule.
        matches: List<Text>, default = [], such_as = ["paid in parts and was charged twice"];
        /// Texts that must not match it.
        matches_not: List<Text>, default = [], such_as = ["we share the cost"];
    }
}

table! {
    /// A file of themes.
    ThemeFile "" {
        /// The language of every rule in the file, two letters; its `words` serve all themes then.
        lang: Word, optional = "de";
        /// What says that all is well; the clause that has it is no complaint. With `lang`.
        calm: List<Text>, default = [], such_as = ["kein* problem*"];
        /// Words with which a sentence turns; they end a clause. With `lang`.
        turn: Text, optional = "aber/doch/jedoch";
        /// Choices of words for the rules of all themes in the file.
        words: Map, default = {}, such_as = { pay = "pay* | charge*" };
        /// The themes.
        theme: Theme, list = [];
    }
}
