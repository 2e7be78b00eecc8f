//! Paths that are not whole: they begin at the folder in which the program is started, which of a
//! service is `/`. Whether that matters, only somebody who knows the folder can say.

use crate::config::kind::text::FilePath;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::shape::source::Source;
use crate::config::shape::target::Target;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::tree::Placed;

/// Paths that are told one by one.
const TOLD: usize = 20;

/// A path that is not whole.
#[derive(Debug)]
pub struct Relative {
    at: Place,
    key: &'static str,
    path: String,
}

impl Relative {
    /// What to say of it.
    #[must_use]
    pub fn warning(&self) -> Problem {
        Problem::warning(Code::RelativePath, self.at.clone(), format!("`{}` depends on where `uproar` is started", self.key))
            .label("not beside this file, but in the folder in which it is started: of a service that is `/`")
            .help(format!("write the whole path: `{} = \"/.../{}\"`", self.key, self.path.trim_start_matches("./")))
    }
}

/// Those of a configuration. Models and templates are read from the folder of the configuration.
#[must_use]
pub fn relative(top: &Top) -> Vec<Relative> {
    let mut found = Vec::new();
    add(&mut found, "path", Some(&top.store.path));
    add(&mut found, "extra_ca", top.fetch.extra_ca.as_ref());
    top.source.iter().for_each(|source| of_source(source, &mut found));
    top.target.iter().for_each(|target| of_target(target, &mut found));
    found.truncate(TOLD);
    found
}

fn of_source(source: &Source, found: &mut Vec<Relative>) {
    if let Some(feed) = &source.feed {
        add(found, "file", feed.value.file.as_ref());
    }
    if let Some(files) = &source.file {
        add(found, "folder", files.value.folder.as_ref());
        add(found, "done_dir", files.value.done_dir.as_ref());
        add(found, "rejects", files.value.rejects.as_ref());
    }
    if let Some(replay) = &source.replay {
        add(found, "file", replay.value.file.as_ref());
    }
    if let Some(mailbox) = &source.mailbox {
        add(found, "maildir", mailbox.value.maildir.as_ref());
    }
}

fn of_target(target: &Target, found: &mut Vec<Relative>) {
    if let Some(file) = &target.file {
        add(found, "folder", file.value.folder.as_ref());
    }
}

fn add(found: &mut Vec<Relative>, key: &'static str, path: Option<&Placed<FilePath>>) {
    let Some(path) = path.filter(|path| path.value.0.is_relative()) else { return };
    // A default is whole.
    let Some(at) = path.at.clone() else { return };
    found.push(Relative { at, key, path: path.value.0.to_string_lossy().into_owned() });
}
