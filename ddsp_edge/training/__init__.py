"""Making models: the only package that imports torch (install the extra ``train``)."""
