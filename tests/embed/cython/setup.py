from Cython.Build import cythonize
from setuptools import Extension, setup

import pyinfo

extension = Extension(
    "pyinfo_cython_consumer",
    ["pyinfo_cython_consumer.pyx"],
    include_dirs=[pyinfo.get_include()],
)
setup(ext_modules=cythonize([extension]))
