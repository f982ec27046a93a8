package catalog

import "io/fs"

// Data is the directory of facts that is part of the program.
func Data() fs.FS { return Default().data }

// DecodeService reads the text of a file of an IAM service.
func DecodeService(prefix, text string) (*Service, error) {
	r, err := newReader("iam/"+prefix+".txt", text)
	if err != nil {
		return nil, err
	}
	return decodeService(prefix, r)
}
