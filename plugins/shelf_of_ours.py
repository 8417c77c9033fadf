
import fsspec
from fsspec.implementations.memory import MemoryFileSystem

class Shelf(MemoryFileSystem):
    protocol = "shelf"
    store = {}

fsspec.register_implementation("shelf", Shelf, clobber=True)
