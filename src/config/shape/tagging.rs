//! `[tagging]`

use crate::config::kind::text::FilePath;

table! {
    /// How messages get their themes, beside the rules of themes.
    Tagging "[tagging]" {
        /// A file of models that `uproar train` wrote from what people said of messages; they decide for
        /// their themes. A relative path starts at the folder of this configuration, wherever the
        /// process works. A model is used only with the rules that it was trained with: `uproar check`
        /// says which ones are not used.
        models: FilePath, optional = "models.json";
    }
}
