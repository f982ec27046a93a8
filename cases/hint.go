package cases

import "github.com/writ-iam/writ/internal/near"

func quote(s string) string { return near.Quote(s) }
