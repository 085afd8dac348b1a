"""The archive: every price change, state, withdrawal and rewrite as rows of Parquet files, and histories from them.

A row is one entry of a change stream, known by its partition and stream id: read twice, it counts once. Files are
written whole under names that say what is in them, so that writing the same again changes nothing.
"""
