//! Tells when something happens in watched folders, so that nobody has to look every second.
//!
//! Only a nudge: what happened, the next look at the folder says. Where the kernel cannot tell, as
//! for folders on other machines, the periodic look finds it all the same.
