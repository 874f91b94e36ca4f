"""A folder that the ASK CLI deploys: manifest, interaction models and icons.

`hosting` reads where the skill is run, `manifest` says what the store shows and `icons` draws
the mark of the skill; `scripts/build_skill_package.py` writes the folder.
"""
