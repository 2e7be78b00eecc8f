//! `[templates]`

use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::text::Text;

table! {
    /// What mails look like. Texts and files are templates of Jinja's kind; `uproar check` fills them
    /// in with a made-up alert. Relative paths start at the folder of this configuration.
    Templates "[templates]" {
        /// Begins every subject.
        subject_prefix: Line, default = "[Uproar]";
        /// A paragraph before what happened.
        intro: Text, optional = "Dear colleagues,";
        /// A paragraph at the end.
        outro: Text, optional = "What to do is in the handbook, under {{ theme }}.";
        /// A file with the text of mails instead of ours.
        text: FilePath, optional = "mail.txt";
        /// A file with their HTML instead of ours.
        html: FilePath, optional = "mail.html";
    }
}
