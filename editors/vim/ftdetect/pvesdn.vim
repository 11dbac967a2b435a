" After the names that vim itself knows: a file in *.cfg has a type already.
autocmd BufNewFile,BufRead pvesdn.cfg,pvesdn.cfg.before,*/pvesdn/*.cfg set filetype=pvesdn
