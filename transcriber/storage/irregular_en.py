"""English words whose forms no rule brings together, of those people say every day: a table for `forms.py`."""

from __future__ import annotations

# All the forms of a word that cannot be told from one another, a word a line.
FORMS = """
go went gone goes
come came
be am is are was were been
have has had
do does did done
say said
get got gotten
make made
know knew known
think thought
take took taken
see saw seen
tell told
give gave given
find found
leave left
feel felt
bring brought
buy bought
sell sold
pay paid
send sent
meet met
keep kept
begin began begun
write wrote written
speak spoke spoken
eat ate eaten
drink drank drunk
drive drove driven
fly flew flown
sleep slept
run ran
sit sat
stand stood
lose loses lost losing
break broke broken
choose chose chosen
forget forgot forgotten
teach taught
catch caught
spend spent
build built
grow grew grown
fall fell fallen
hold held
hear heard
understand understood
wear wore worn
win won
lend lent
become became
mean meant
ring rang rung
sing sang sung
swim swam swum
wake woke woken
throw threw thrown
show shown
steal stole stolen
ride rode ridden
rise rose risen
hide hid hidden
draw drew drawn
blow blew blown
shake shook shaken
lead led
light lit
deal dealt
dream dreamt
learn learnt
burn burnt
feed fed
fight fought
freeze froze frozen
hang hung
lay laid
lie lying
die dying
seek sought
shoot shot
slide slid
stick stuck
strike struck
swear swore sworn
sweep swept
tear tore torn
bite bit bitten
bend bent
bleed bled
dig dug
child children
man men
woman women
person people
foot feet
tooth teeth
mouse mice
wife wives
life lives
knife knives
half halves
leaf leaves
shelf shelves
thief thieves
good better best
bad worse worst
far further farther
"""
