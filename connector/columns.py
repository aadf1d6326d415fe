"""Arrow columns of canonical values, with the folded twin that text conditions compare."""
