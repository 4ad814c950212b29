"""Methods that compare two whole videos, behind one interface."""
