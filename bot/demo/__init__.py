"""The demonstration: the real daemon against the sandbox, on this machine only. Nothing else in `bot` sees the sandbox.

stage    the sandbox: platforms, a publication, and what goes wrong on the way
daemon   `handbill run` as a process of its own, and its log
play     what happens when
show     what is printed
words    the sentences about what a platform did wrong and what Handbill did about it
verdict  whether every delivery is right, by what readers see
"""
