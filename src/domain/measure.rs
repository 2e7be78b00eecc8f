//! What is made of ratings: their mean, or the share of those that are bad.

use std::fmt;

use crate::domain::incident::Kind;
use crate::domain::incident::SeriesKey;

/// A measure of ratings. In the key of a series its word stands where a theme's name does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Mean of stars, 1 to 5.
    Rating,
    /// Share of one-star ratings among those with stars.
    OneStar,
    /// Share of satisfied answers: the two best steps of four to seven, or "good".
    Csat,
    /// Promoters (9 and 10 of 10) minus detractors (0 to 6), in percent of the answers.
    Nps,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rating, Self::OneStar, Self::Csat, Self::Nps];

    /// The word in the configuration and in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rating => "rating",
            Self::OneStar => "one_star",
            Self::Csat => "csat",
            Self::Nps => "nps",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rating => "mean rating",
            Self::OneStar => "1-star ratings",
            Self::Csat => "satisfied answers",
            Self::Nps => "NPS",
        }
    }

    /// The measure that a series is about; `None` for a theme's.
    #[must_use]
    pub fn of(key: &SeriesKey) -> Option<Self> {
        Self::named(&key.theme, key.kind)
    }

    /// The measure whose word stands where a theme's name does.
    #[must_use]
    pub fn named(theme: &str, kind: Kind) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| kind == Kind::Drop && measure.word() == theme)
    }

    /// It is a mean of values; the others are shares.
    #[must_use]
    pub fn is_mean(self) -> bool {
        matches!(self, Self::Rating | Self::Nps)
    }

    /// Whether a rating whose best value is `scale` counts for it.
    #[must_use]
    pub fn counts(self, scale: i64) -> bool {
        match self {
            Self::Rating | Self::OneStar => scale == 5,
            Self::Csat => matches!(scale, 1 | 4..=7),
            Self::Nps => scale == 10,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
