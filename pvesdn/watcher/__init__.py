"""The process of `pvesdn watch` while nothing happens: it looks whether anything has changed, and starts pvesdn if so.

It knows the standard library alone and nothing else of pvesdn, so that it stays small for months.
"""
