// The benchmarks are a module of their own, so that what they compare Writ with
// is nothing that Writ depends on.
module github.com/writ-iam/writ/bench

go 1.26

require github.com/writ-iam/writ v0.0.0

require go.yaml.in/yaml/v4 v4.0.0 // indirect

replace github.com/writ-iam/writ => ../

ignore ./peers/sls/node_modules
