module github.com/writ-iam/writ

go 1.26
