//! What Uproar has to say about itself: notices that nobody took, and that it is well.
