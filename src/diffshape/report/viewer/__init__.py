"""The live viewer: scenes in a browser, with colours, a plane through the field, steps of a fit, and screenshots."""
