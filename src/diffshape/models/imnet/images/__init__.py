"""Images to the codes of a trained IM-NET, from one view each (IM-SVR)."""
